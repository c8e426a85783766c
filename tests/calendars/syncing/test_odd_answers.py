"""Servers that spell things in ways of their own, or say yes and do nothing: every entry is there once all
the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest

from portal.calendars.accounts import actions as accounts
from portal.calendars.syncing import outcomes
from portal.core.calendar import documents
from portal.core.calendar.expansion import View
from portal.people.models import Person
from tests.calendars import pairs
from tests.calendars.account_rows import Account, stem, uid_of
from tests.calendars.contract import HOUR, move
from tests.calendars.memory import Answer, MemoryServer, Quirk
from tests.calendars.places import Place, held, on, the_database, the_place  # noqa: F401  # fixtures
from tests.personas import Factories

pytest_generate_tests = held
on_both_databases = on(Place("memory"), Place("memory", "postgresql"))
HREF = re.compile(rb"(?<=<d:href>)[^<]*")
ETAG = re.compile(rb"(<d:getetag>)([^<]*)(</d:getetag>)")
Spell = Callable[[MemoryServer, bytes], bytes]


class OddServer(MemoryServer):
    """The one in memory, whose answers are spelled otherwise."""

    spell: Spell = staticmethod(lambda _server, body: body)
    place = "/ada/calendars/"
    deaf_to: frozenset[str] = frozenset()
    refuses: tuple[str, int] = ("nothing", 0)

    @property
    def home(self) -> str:
        """Anywhere."""
        return self.place

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """As spelled here."""
        if path.startswith(self.refuses[0]):
            return self.refuses[1], {}, b""
        if method in self.deaf_to:
            self.seen.append((method, path, 204))
            return 204, {}, b""
        status, said, text = super().answer(method, path, headers, body)
        return status, said, self.spell(self, text)


@pytest.fixture
def server() -> Iterator[OddServer]:
    made = OddServer()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def pair(make: Factories, account: Account, sam: Person) -> Account:
    """Mira's account, not connected yet, with a whole pairing in it."""
    account.pairing = pairs.whole(make, account.person, sam)
    return account


def hrefs(how: Callable[[str], str]) -> Spell:
    """Every href in another spelling."""
    return lambda _server, body: HREF.sub(lambda found: how(found[0].decode()).encode(), body)


def escaped(href: str) -> str:
    """With every sign escaped that may be."""
    return "".join(
        each if each in "/." else f"%{ord(each):02x}" if each.isascii() else quote(each) for each in href
    )


@pytest.mark.parametrize("home", ["/ada/calendars/", "/ada@example.com/Kalender für mich/"])
@pytest.mark.parametrize(
    "spell",
    [
        pytest.param(hrefs(str), id="as it is"),
        pytest.param(hrefs(escaped), id="escaped"),
        pytest.param(hrefs(quote), id="quoted"),
        pytest.param(hrefs(lambda href: f"\n  {href}\n"), id="between lines"),
        pytest.param(
            lambda server, body: hrefs(f"http://localhost:{server.port}{{}}".format)(server, body),
            id="absolute",
        ),
        pytest.param(lambda _server, body: ETAG.sub(rb"\1\n\t\2\n\3", body), id="etags between lines"),
        pytest.param(lambda _server, body: ETAG.sub(rb"", body), id="no etags"),
        pytest.param(
            lambda _server, body: body.replace(b"\r\n", b"\n").replace(b"\n", b"&#13;\n"),
            id="ends of lines escaped",
        ),
        pytest.param(
            lambda _server, body: (
                body.replace(b"<d:", b"<D:").replace(b"</d:", b"</D:").replace(b"xmlns:d=", b"xmlns:D=")
            ),
            id="another prefix",
        ),
    ],
)
def test_whatever_way_a_server_spells_its_answers_everything_is_there_once(
    server: OddServer, pair: Account, monkeypatch: pytest.MonkeyPatch, home: str, spell: Spell
) -> None:
    monkeypatch.setattr(OddServer, "place", home)
    server.spell = spell
    pair.connect().sync()
    assert (pair.row.state, pair.row.problem) == ("connected", "")
    assert (len(there(pair)), one_each(pair), pair.changes) == (4, True, [])
    move(pair, 2, HOUR)
    pair.sync()
    assert (pair.row.problem, one_each(pair), pair.changes) == ("", True, [])
    pair.let_time_pass(days=1)
    pair.sync()
    assert (pair.row.problem, one_each(pair), pair.changes) == ("", True, [])
    pair.act(accounts.disconnect, keep_entries=False)
    pair.sync()
    assert (pair.row.state, server.calendars_kept) == ("gone", {})


def there(account: Account) -> list[tuple[str, View]]:
    """What is in all calendars."""
    assert isinstance(account.server, OddServer)
    texts = [each.text for kept in account.server.calendars_kept.values() for each in kept.items.values()]
    return sorted(((stem(uid_of(each.decode())), documents.view_of_text(each)) for each in texts), key=str)


def one_each(account: Account) -> bool:
    """Exactly once."""
    return there(account) == account.wanted()


def test_a_calendar_on_another_host_among_ones_own_is_passed_over(server: OddServer, pair: Account) -> None:
    """Subscriptions and calendars of others are listed so. It used to end the account."""
    server.make_calendar(f"{server.home}zz/", "Team")
    server.spell = lambda _server, body: body.replace(
        f"{server.home}zz/".encode(), b"https://team.example.com/cal/"
    )
    pair.connect().sync()
    assert (pair.row.state, pair.row.problem, one_each(pair)) == ("connected", "", True)
    server.delete(pair.path_of("milestone"))
    pair.sync()
    assert (pair.row.state, pair.row.problem, [each["deleted"] for each in pair.changes]) == (
        "connected",
        "",
        [True],
    )


def test_a_server_that_says_yes_and_keeps_nothing_is_not_asked_over_and_over(
    server: OddServer, pair: Account
) -> None:
    server.deaf_to = frozenset({"PUT"})
    pair.connect().sync()
    assert (pair.row.problem, pair.row.failures, pair.row.not_before is not None) == ("bad-answer", 1, True)
    assert (len(there(pair)), pair.changes) == (0, [])
    server.deaf_to = frozenset()
    pair.sync()
    assert one_each(pair)
    server.deaf_to = frozenset({"DELETE"})
    pair.act(accounts.disconnect, keep_entries=False)
    pair.sync()
    assert (pair.row.state, pair.row.problem, pair.row.failures) == ("leaving", "bad-answer", 1)


@pytest.mark.parametrize("status", [403, 404, 410])
def test_an_entry_moved_to_a_calendar_that_is_gone_since_is_deleted_and_the_rest_goes_on(
    server: OddServer, pair: Account, status: int
) -> None:
    server.make_calendar(f"{server.home}work/", "Work")
    pair.connect().sync()
    path = pair.path_of("milestone")
    server.put(f"{server.home}work/mine.ics", server.text(path))
    server.delete(path)
    pair.sync()
    assert (one_each(pair), pair.changes) == (True, [])
    server.refuses = (f"{server.home}work/", status)
    pair.let_time_pass(days=1)
    pair.sync()
    assert (pair.row.state, pair.row.problem, [each.get("deleted") for each in pair.changes]) == (
        "connected",
        "",
        [True],
    )
    move(pair, 2, HOUR)
    pair.sync()
    assert (pair.row.state, pair.row.problem, len(pair.changes)) == ("connected", "", 1)


def test_what_is_changed_in_the_calendar_it_was_moved_to_is_seen_in_the_next_round(
    server: OddServer, pair: Account
) -> None:
    server.make_calendar(f"{server.home}work/", "Work")
    pair.connect().sync()
    path, there_ = pair.path_of("milestone"), f"{server.home}work/mine.ics"
    text = server.text(path)
    server.put(there_, text)
    server.delete(path)
    pair.sync()
    pair.sync()
    assert (one_each(pair), pair.changes) == (True, [])
    server.put(there_, text.replace("20260203", "20260205").replace("20260204", "20260206"))
    pair.sync()
    assert [[*each["after"]["occurrences"]] for each in pair.changes] == [["2026-02-05"]]


def test_a_server_that_is_away_for_two_weeks_is_given_up_and_its_owner_asked(
    server: OddServer, pair: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcomes, "MOST_TRIES", 3)
    pair.connect().sync()
    server.refuses = ("/", 502)
    for _ in range(outcomes.MOST_TRIES - 1):
        pair.sync()
    assert (pair.row.state, pair.row.problem, pair.letters) == ("connected", "server-error", [])
    pair.sync()
    assert (pair.row.state, pair.row.problem, len(pair.letters)) == ("suspended", "server-error", 1)


@on_both_databases
def test_names_addresses_and_etags_without_end_are_no_trouble(server: OddServer, pair: Account) -> None:
    server.make_calendar(f"{server.home}work/", "Work " * 200)
    server.make_calendar(f"{server.home}{'w' * 1200}/", "Wide")
    server.spell = lambda _server, body: ETAG.sub(rb"\1" + b"x" * 600 + rb"\2\3", body)
    pair.connect(calendar=("Work " * 40).strip()).sync()
    assert (pair.row.state, pair.row.problem, one_each(pair)) == ("connected", "", True)


@on_both_databases
def test_an_entry_moved_to_an_address_too_long_for_us_is_taken_for_deleted(
    server: OddServer, pair: Account
) -> None:
    server.make_calendar(f"{server.home}work/", "Work")
    pair.connect().sync()
    path = pair.path_of("milestone")
    server.put(f"{server.home}work/{'w' * 1200}.ics", server.text(path))
    server.delete(path)
    pair.sync()
    assert (pair.row.state, pair.row.problem, len(pair.changes)) == ("connected", "", 1)


def test_a_new_password_is_tried_in_either_way_of_signing_in(server: OddServer, pair: Account) -> None:
    server.quirks = frozenset({Quirk.DIGEST})
    pair.connect().sync()
    assert (pair.row.state, pair.row.scheme) == ("connected", "digest")
    server.quirks = frozenset()
    pair.sync()
    assert pair.row.problem == "wrong-password"
    pair.act(accounts.change_password, password=server.password)
    pair.sync()
    assert (pair.row.state, pair.row.problem, pair.row.scheme) == ("connected", "", "basic")


def test_calendars_are_found_where_the_well_known_address_is_forbidden(
    server: OddServer, pair: Account
) -> None:
    server.refuses = ("/.well-known", 403)
    pair.connect().sync()
    assert (pair.row.state, one_each(pair)) == ("connected", True)


def test_a_name_with_a_number_without_end_breaks_nothing_on_our_side(
    server: OddServer, pair: Account
) -> None:
    pair.connect().sync()
    uid = next(iter(pair.items)).partition("-g1@")[0]
    server.put(
        f"{pair.folder}{uid}-g{'9' * 5000}.ics",
        server.text(pair.path_of("milestone")).replace("UID:", "UID:x"),
    )
    server.put(
        f"{pair.folder}x-g{'9' * 30}.ics", server.text(pair.path_of("milestone")).replace("UID:", "UID:y")
    )
    pairs.changed(pair.person)
    pair.sync()
    assert (pair.row.state, pair.row.problem, len(pair.items)) == ("connected", "", 4)
