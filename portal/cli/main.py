"""The `portal` command. Each command is a few lines that call the code which does it.

Exit status: 0 done, 1 refused or failed, with the reason and the way out on stderr, 2 wrong usage. What a
command needs is imported inside it, so that `portal --help` is there at once.
"""

import io
import json
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from portal.cli import calendars as cli_calendars
from portal.cli import data as cli_data
from portal.cli import match as cli_match
from portal.cli.frame import application, log_to_stderr, opened, sentence, settings
from portal.operating.memory import leave_out_unused_clients

if TYPE_CHECKING:
    from portal.demo.calendars import CalendarServer


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="vice-versa-portal", prog_name="portal")
def portal() -> None:
    """Run and look after a reverse mentorship portal."""


for each in (*cli_data.COMMANDS, *cli_calendars.COMMANDS, *cli_match.COMMANDS):
    portal.add_command(each)


@portal.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)
@click.option("--demo", is_flag=True, help="Use made-up keys and load the demo company into an empty portal.")
def serve(host: str, port: int, demo: bool) -> None:
    """Migrate, then run web server and worker together. Ctrl-C stops both."""
    from portal.operating import supervisor

    log_to_stderr()
    listener = supervisor.open_socket(host, port)
    if demo:
        os.environ["PORTAL_DEMO"] = "1"
    if not (os.environ.get("PUBLIC_URL") or os.environ.get("PUBLIC_URL_FILE")):
        os.environ["PUBLIC_URL"] = f"http://localhost:{listener.getsockname()[1]}"
    # In a process of its own, so that the one that stays to watch the others never loads the portal.
    code, answer = supervisor.run_once(("prepare", *(["--demo"] if demo else [])), os.environ)
    if code:
        sys.exit(code)
    prepared = json.loads(answer)
    os.environ.update(prepared["environ"])
    supervisor.supervise(
        listener,
        os.environ,
        public_url=prepared["public_url"],
        when_ready=lambda: click.echo(prepared["greeting"]),
        beside=[supervisor.Child(name, arguments) for name, arguments in prepared["beside"]],
    )


@portal.command(hidden=True)
@click.option("--demo", is_flag=True)
def prepare(demo: bool) -> None:
    """What `serve` has done before it starts: migrations, topics, the demo. Prints what it goes on with as
    JSON.
    """
    from portal.demo import calendars as demo_calendars

    log_to_stderr()
    server = demo_calendars.prepare(settings().instance) if demo else None
    environ = {}
    if server is not None and "CALDAV_ALLOWED_HOSTS" not in os.environ:
        # The portal may then write to this machine, and to nothing else in house.
        os.environ["CALDAV_ALLOWED_HOSTS"] = environ["CALDAV_ALLOWED_HOSTS"] = "localhost"
    url = _prepare(demo, server)
    beside = [("calendar server", server.arguments)] if server else []
    greeting = "\n".join(_greeting(url, demo, server))
    click.echo(json.dumps({"public_url": url, "environ": environ, "beside": beside, "greeting": greeting}))


def _prepare(demo: bool, server: "CalendarServer | None") -> str:
    from portal.db import db
    from portal.operating import upkeep

    app = application()
    upkeep.migrate(app)
    with app.test_request_context(base_url=app.extensions["settings"].public_url):
        upkeep.load_topics()
        if demo and upkeep.empty():
            _load_demo(server)
        db.session.remove()
        db.engine.dispose()
    url: str = app.extensions["settings"].public_url
    return url


def _load_demo(server: "CalendarServer | None") -> None:
    from portal.demo import calendars, load

    click.echo("Loading the demo company …", err=True)
    load.load(people=120, stage="running")
    if server is not None:
        calendars.connect(server)


def _greeting(url: str, demo: bool, server: "CalendarServer | None") -> Iterator[str]:
    yield f"The portal is ready: {url}"
    if demo:
        from portal.demo.load import SIGN_INS

        for person in SIGN_INS:
            yield f"  {person.role + ':':<15} {person.email}  {person.password}"
    if server is not None:
        from portal.demo.calendars import USERS, user_of

        yield f"Calendars are written to {server.url}"
        yield f"  sign in there as {' or '.join(map(user_of, USERS))}, with the same password."
    yield "Ctrl-C stops it."


@portal.command()
@click.option("--bind", default="127.0.0.1:8000", show_default=True, help="Where to listen: host:port.")
def web(bind: str) -> None:
    """Run the web server alone."""
    leave_out_unused_clients(os.environ)
    from portal.operating import web_server as server

    log_to_stderr()
    server.run(application(), bind)


@portal.command()
def worker() -> None:
    """Run a background worker alone; any number may run."""
    leave_out_unused_clients(os.environ)
    from portal import worker as switchboard

    log_to_stderr()
    switchboard.run(application())


@portal.command()
def migrate() -> None:
    """Bring the database's tables to this release. `portal serve` does it by itself."""
    from portal.operating import upkeep

    click.echo(f"The database is at {upkeep.migrate(application())}.")


@portal.command()
@click.option("--admin", "email", required=True, metavar="EMAIL", help="Address of the first administrator.")
@click.option("--name", help="Their name; made from the address when left out.")
def init(email: str, name: str | None) -> None:
    """Make the first administrator and print a link, good once, to choose a password."""
    from portal.operating import upkeep

    upkeep.migrate(application())
    with opened():
        upkeep.load_topics()
        link = upkeep.first_administrator(email, name or email.partition("@")[0])
    click.echo(f"Open this link to choose a password. It works once.\n{link}")


@portal.group()
def person() -> None:
    """Accounts."""


@person.command("add")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", default="member", show_default=True, type=click.Choice(["member", "staff", "admin"]))
@click.option(
    "--password-stdin", is_flag=True, help="Read a password from standard input; else a link is printed."
)
def person_add(email: str, name: str, role: str, password_stdin: bool) -> None:
    """Add a person, with a password or a one-time link."""
    from portal.operating import upkeep

    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    with opened():
        link = upkeep.new_person(email, name=name, role=role, password=password)
    click.echo(
        f"{email} was added." if link is None else f"{email} was added. Their link, good once:\n{link}"
    )


def main() -> None:
    """Run the command; every failure is a sentence on stderr and an exit status. A terminal that cannot show
    a character gets another one in its place.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        code = portal.main(prog_name="portal", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(1)
    except Exception as error:  # a traceback tells the operator nothing; PORTAL_DEBUG=1 shows it
        if os.environ.get("PORTAL_DEBUG") == "1":
            raise
        click.echo(sentence(error), err=True)
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
