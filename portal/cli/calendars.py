"""Commands about calendars: a person's schedule, their live feed, and the CalDAV accounts written to."""

import sys
from typing import TYPE_CHECKING

import click

from portal.cli.frame import AS_JSON, opened, show

if TYPE_CHECKING:
    from portal.people.models import Person


def _person(email: str) -> "Person":
    from portal.people.addresses import clean_address
    from portal.people.queries import by_address

    try:
        found = by_address(clean_address(email))
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    if found is None:
        raise click.ClickException(f"Nobody here has the address {email}.")
    return found


@click.command()
@click.argument("email")
@AS_JSON
def schedule(email: str, as_json: bool) -> None:
    """List a person's coming check-ins and milestones."""
    from portal.clock import now
    from portal.schedule.queries import coming

    with opened():
        rows = coming(_person(email), now())
    show(rows, as_json, "{when:<22} {what:<16} {partner}")


@click.command()
@click.argument("email")
def feed(email: str) -> None:
    """Print the address of a person's live feed; it is made if there is none."""
    from portal.calendars.feeds import links as tokens
    from portal.clock import now
    from portal.db import transaction

    with opened(), transaction():
        link = tokens.link_for(_person(email).id, at=now())
        address = tokens.address(link)
    if address is None:
        raise click.ClickException(
            "The portal's key was changed. Replace the address on the page /calendars/feed."
        )
    click.echo(address)


@click.group()
def calendars() -> None:
    """CalDAV accounts that are written to."""


@calendars.command("connect")
@click.argument("email")
@click.option("--url", required=True, help="Address of the calendar server.")
@click.option("--username", required=True)
@click.option("--password-stdin", is_flag=True, required=True, help="Read the password from standard input.")
@click.option("--calendar", metavar="NAME", help="An existing calendar; without it one of its own is made.")
def calendars_connect(
    email: str, url: str, username: str, password_stdin: bool, calendar: str | None
) -> None:
    """Connect a person's account, and write their entries into it."""
    from portal.calendars import on_demand

    password = sys.stdin.readline().rstrip("\r\n")
    with opened():
        person_id = _person(email).id
        outcome = on_demand.connect_now(
            person_id, address=url, username=username, password=password, calendar=calendar
        )
    if not outcome.well:
        raise click.ClickException(outcome.says)
    click.echo(outcome.says)


@calendars.command("sync")
@click.argument("email", required=False)
@click.option("--all", "everybody", is_flag=True, help="Everybody's.")
def calendars_sync(email: str | None, everybody: bool) -> None:
    """One full round now: look, read, write, read back."""
    from portal.calendars import on_demand

    if (email is None) == (not everybody):
        raise click.UsageError("Name one person by their address, or say --all.")
    with opened():
        outcomes = on_demand.sync_now(_person(email).id if email else None)
        for each in outcomes:
            click.echo(f"{each.email}: {each.says}")
    if not all(each.well for each in outcomes):
        raise click.exceptions.Exit(1)


@calendars.command("status")
@AS_JSON
def calendars_status(as_json: bool) -> None:
    """List the accounts, how each is doing, and when it was last written to."""
    from portal.calendars import on_demand

    with opened():
        rows = on_demand.status()
    show(rows, as_json, "{email:<36} {state:<12} {entries:>4} entries  {says}")


@calendars.command("disconnect")
@click.argument("email")
@click.option("--keep-entries", is_flag=True, help="Leave in the calendar what was written into it.")
def calendars_disconnect(email: str, keep_entries: bool) -> None:
    """Disconnect a person's account; what was written into it is taken away unless it is to be kept."""
    from portal.calendars import on_demand

    with opened():
        outcome = on_demand.disconnect_now(_person(email).id, keep_entries=keep_entries)
    if not outcome.well:
        raise click.ClickException(outcome.says)
    click.echo(outcome.says)


COMMANDS = (schedule, feed, calendars)
