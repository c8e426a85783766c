"""Commands about what the portal keeps: topics, letters, keys, retention, the audit,
copies; and the doctor.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from portal.cli.frame import AS_JSON, application, opened, settings, show


@click.group("demo")
def demonstration() -> None:
    """The demo company."""


@demonstration.command("load")
@click.option(
    "--stage",
    default="signed-up",
    show_default=True,
    metavar="STAGE",
    help="signed-up, matched, running or finished.",
)
@click.option("--people", default=120, show_default=True, type=int)
def demo_load(stage: str, people: int) -> None:
    """Load a believable company; the same number and stage give the same company."""
    from portal.demo import load as demo
    from portal.operating import upkeep

    if not (os.environ.get("SECRET_KEY") or os.environ.get("SECRET_KEY_FILE")):
        os.environ["PORTAL_DEMO"] = "1"
    if not settings().demo and urlsplit(settings().public_url).hostname not in ("localhost", "127.0.0.1"):
        raise click.ClickException(
            "The demo's people share a published password, so they are not let into a portal that others can"
            " reach. Load them into one of its own: PORTAL_DEMO=1 PORTAL_INSTANCE=demo portal demo load."
        )
    upkeep.migrate(application())
    with opened():
        demo.load(people=people, stage=stage)
        for each in demo.SIGN_INS:
            click.echo(f"{each.role + ':':<15} {each.email}  {each.password}")


@click.command()
@click.option(
    "--shipped",
    is_flag=True,
    help="Those the portal ships with, as `portal match` knows them; no database is needed.",
)
@AS_JSON
def topics(shipped: bool, as_json: bool) -> None:
    """List topics with their aliases: those that can be chosen, staff's own among them."""
    from portal.core.matching.topics.index import CATALOGUE
    from portal.db import db
    from portal.programmes.models import Topic

    def told(row: Any) -> dict[str, Any]:
        return {"id": row.id, "area": row.area, "label": row.label, "aliases": list(row.aliases)}

    if shipped:
        rows = [told(each) for each in sorted(CATALOGUE, key=lambda each: (each.area, each.label))]
    else:
        with opened():
            query = db.select(Topic).where(Topic.retired_at.is_(None)).order_by(Topic.area, Topic.label)
            rows = [told(each) for each in db.session.scalars(query)]
    if not as_json:
        rows = [{**row, "aliases": "; ".join(row["aliases"])} for row in rows]
    show(rows, as_json, "{id:<28} {area:<16} {label:<44} {aliases}")


@click.group()
def letters() -> None:
    """The outbox."""


@letters.command("list")
@click.option(
    "--state", default="", type=click.Choice(["", "queued", "sent", "failed", "kept"]), help="Only these."
)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@AS_JSON
def letters_list(state: str, limit: int, as_json: bool) -> None:
    """List letters, the latest first."""
    from portal.letters import queries

    with opened():
        found = queries.latest(state=state, most=limit)
        names = (
            "id",
            "kind",
            "to_address",
            "subject",
            "state",
            "attempts",
            "last_error",
            "created_at",
            "sent_at",
        )
        rows = [{name: getattr(row, name) for name in names} for row in found]
    show(rows, as_json, "{id:>6} {state:<7} {created_at:%Y-%m-%d %H:%M} {to_address:<32} {subject}")


@letters.command("deliver")
def letters_deliver() -> None:
    """Send what is due now, without a worker."""
    from portal.letters import delivery
    from portal.settings import current

    with opened():
        if current().mail is None:
            raise click.ClickException(
                "No mail server is set. Set MAIL_URL, like smtp://user:password@host:587."
            )
        click.echo(f"{delivery.sweep()} letters tried.")


@letters.command("receive")
def letters_receive() -> None:
    """Take the answer to an invitation out of a message on standard input.

    For a mail server that hands messages for the portal's reply address to a program. What is no answer is
    passed over.
    """
    import sys

    from portal.calendars.by_mail import messages, replies

    raw = sys.stdin.buffer.read(messages.LARGEST + 1)
    with opened():
        click.echo(replies.receive(raw).says)


@click.group()
def keys() -> None:
    """Keys that sign and seal."""


@keys.command("new")
def keys_new() -> None:
    """Print fresh values of SECRET_KEY and CREDENTIAL_KEYS."""
    from portal.settings import new_keys

    for name, value in new_keys().items():
        click.echo(f"{name}={value}")


@keys.command("rotate")
def keys_rotate() -> None:
    """Seal everything anew with the first key of CREDENTIAL_KEYS. May be interrupted and repeated."""
    from portal.operating import upkeep

    with opened():
        count = upkeep.rotate_keys()
    click.echo(f"{count} values sealed anew. Keys after the first can be taken out of CREDENTIAL_KEYS.")


@click.group()
def retention() -> None:
    """How long things are kept."""


@retention.command("run")
@click.option("--dry-run", is_flag=True, help="Only count.")
def retention_run(dry_run: bool) -> None:
    """Clear what is due."""
    from portal.privacy.retention import run

    with opened():
        for line in run(dry_run=dry_run):
            click.echo(line)


@click.group("audit")
def chain() -> None:
    """The record of who did what."""


@chain.command("verify")
def audit_verify() -> None:
    """Check that no entry is missing or altered."""
    from portal import audit

    with opened():
        count, wrong = audit.verify()
    if wrong:
        raise click.ClickException(f"{wrong}. {count} entries before it hold. Compare with a backup.")
    click.echo(f"{count} entries, none missing or altered.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(file: Path) -> None:
    """Copy the whole database to FILE while the portal runs."""
    from portal.operating import backup as copies

    copies.backup(settings(), file)
    click.echo(f"{file} is written. Keep SECRET_KEY and CREDENTIAL_KEYS apart from it; they are not in it.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def restore(file: Path) -> None:
    """Put a backup back in place of what is there; on SQLite that is kept beside it."""
    from portal.operating import backup as copies

    kept = copies.restore(settings(), file)
    click.echo(f"Restored from {file}." + (f" What was there is kept in {kept}." if kept else ""))
    click.echo("Run `portal migrate`, then `portal doctor`.")


@click.command()
@AS_JSON
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Look whether all is well: settings, database, migrations, worker, mail server, keys, audit."""
    from portal.operating import upkeep

    with opened() as app:
        rows = [{"part": each.part, "ok": each.well, "says": each.says} for each in upkeep.examine(app)]
    show(
        [{**row, "mark": "ok" if row["ok"] else "problem"} for row in rows],
        as_json,
        "{mark:<8} {part:<12} {says}",
    )
    context.exit(0 if all(row["ok"] for row in rows) else 1)


COMMANDS = (demonstration, topics, letters, keys, retention, chain, backup, restore, doctor)
