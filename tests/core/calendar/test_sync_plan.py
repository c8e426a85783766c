"""Random histories against a server in memory: rounds break off anywhere, answers get lost, owners do as they
like.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.core.calendar import sync_plan
from portal.core.calendar.sync_plan import (
    Act,
    ItemState,
    Known,
    Plan,
    RemoteItem,
    Step,
    Wanted,
    dropped,
    moved,
    plan,
    to_read,
    written,
)
from tests.sampling import examples

NAMES = ("a", "b", "c", "d", "e")
HOME, ELSEWHERE = "/home/", "/elsewhere/"


class Broken(Exception):
    """The worker is killed, or the answer is lost."""


class Conflict(Exception):
    """412."""


@dataclass
class World:
    """A portal, its memory, and a server; `fuse` is after how many deeds the round breaks off."""

    want: dict[str, int] = field(default_factory=dict)
    memory: dict[str, Known] = field(default_factory=dict)
    server: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    changes: list[tuple[str, Any]] = field(default_factory=list)
    fuse: int = -1
    writes: int = 0
    suspended: str = ""
    numbers: Any = field(default_factory=lambda: count(1))

    def view(self, number: int) -> dict[str, Any]:
        return {"occurrences": {"x": {"start": number, "end": number, "cancelled": False}}}

    def wanted(self) -> dict[str, Wanted]:
        def latest(name: str) -> int:
            known = [each for each in self.memory.values() if each.uid.startswith(f"{name}-g")]
            return max(
                (int(each.uid.rpartition("g")[2]) + (each.state == ItemState.GONE) for each in known),
                default=1,
            )

        uids = {f"{name}-g{latest(name)}": number for name, number in self.want.items()}
        return {
            uid: Wanted(uid, f"{HOME}{uid}", f"hash {number}", self.view(number // 2))
            for uid, number in uids.items()
        }

    def burn(self) -> None:
        if self.fuse == 0:
            self.fuse = -1
            raise Broken
        self.fuse -= self.fuse > 0

    def commit(self, steps: dict[str, Step]) -> None:
        self.burn()
        for uid, step in steps.items():
            self.memory[uid] = step.after
            if step.change is not None:
                self.changes.append((uid, step.change))
        self.burn()

    def put(self, href: str, want: Wanted, match: str | None) -> str:
        self.burn()
        if (self.server.get(href, ("", {}))[0] or None) != match:
            raise Conflict
        self.server[href] = (f"etag {next(self.numbers)}", want.view)
        self.texts[href] = want.hash
        self.writes += 1
        self.burn()
        return self.server[href][0]

    def delete(self, href: str, match: str) -> None:
        self.burn()
        if href in self.server and self.server[href][0] != match:
            raise Conflict
        self.server.pop(href, None)
        self.burn()

    def read(self, hrefs: Any) -> dict[str, RemoteItem]:
        return {href: RemoteItem(*self.server[href]) for href in hrefs if href in self.server}

    def round(self, meanwhile: Callable[[World], None] | None = None) -> None:
        """One pass as `syncing.rounds` makes it; `meanwhile` is what the owner does between our look
        and our writes.
        """
        wanted, known = self.wanted(), dict(self.memory)
        etags = {href: etag for href, (etag, _) in self.server.items()}
        found = plan(wanted, known, etags, self.read(to_read(wanted, known, etags)))
        self.suspended = found.suspend
        self.commit(dict(found.steps))
        if meanwhile:
            meanwhile(self)
        if not found.suspend:
            self.commit(self.carried_out(found, wanted))

    def carried_out(self, found: Plan, wanted: dict[str, Wanted]) -> dict[str, Step]:
        after: dict[str, Step] = {}
        for uid, step in found.steps.items():
            try:
                if step.act in (Act.CREATE, Act.CHANGE):
                    match = None if step.act == Act.CREATE else step.after.etag
                    etag = self.put(step.after.href, wanted[uid], match)
                    for item in self.read([step.after.href]).values():
                        settled = written(step.after, item, etag=etag, hash=wanted[uid].hash)
                        after |= {uid: Step(settled)} if settled else {}
                elif step.act == Act.DELETE:
                    self.delete(step.after.href, step.after.etag)
                    after[uid] = Step(replace(step.after, state=ItemState.GONE))
                elif step.act == Act.SEARCH:
                    there = next((href for href in self.server if href.endswith(f"/{uid}")), None)
                    after[uid] = Step(moved(step.after, there)) if there else dropped(step.after)
            except Conflict:
                continue
        return after

    def settle(self) -> None:
        """Rounds until nothing is left to do."""
        self.fuse = -1
        for _ in range(6):
            before = (dict(self.memory), dict(self.server))
            self.round()
            if (self.memory, self.server) == before:
                return
        raise AssertionError("it does not come to rest")

    @property
    def there(self) -> dict[str, Any]:
        return {href.rpartition("/")[2].partition("-g")[0]: view for href, (_, view) in self.server.items()}

    @property
    def should_be(self) -> dict[str, Any]:
        return {name: self.view(number // 2) for name, number in self.want.items()}


names = st.sampled_from(NAMES)
news = st.tuples(st.just("want"), names, st.none() | st.integers(0, 7))
rounds = st.tuples(st.just("round"), st.integers(0, 12) | st.just(-1))
loss = st.just(("forget",))
deeds_between = st.sampled_from(["move", "delete", "touch"])
owners = st.tuples(st.sampled_from(["move", "touch", "delete", "carry"]), names, st.integers(100, 199))


def live(world: World, deed: tuple[Any, ...]) -> None:
    if deed[0] == "want":
        world.want.pop(deed[1], None)
        world.want |= {deed[1]: deed[2]} if deed[2] is not None else {}
    elif deed[0] == "round":
        world.fuse = deed[1]
        with suppress(Broken):
            world.round()
        world.fuse = -1
    elif deed[0] == "forget":
        world.memory.clear()
    else:
        owner(world, *deed)


def owner(world: World, deed: str, name: str, number: int) -> None:
    href = next((each for each in world.server if each.rpartition("/")[2].startswith(f"{name}-g")), None)
    if href is None:
        return
    _, view = world.server.pop(href)
    etag = f"etag {next(world.numbers)}"
    if deed == "move":
        world.server[href] = (etag, world.view(number))
    elif deed == "touch":
        world.server[href] = (etag, view)
    elif deed == "carry":
        world.server[ELSEWHERE + href.rpartition("/")[2]] = (etag, view)


@settings(max_examples=examples(400), deadline=None)
@given(st.lists(news | rounds, max_size=40))
def test_without_an_owners_deeds_everything_is_there_once_and_nothing_passes_for_one(
    deeds: list[tuple[Any, ...]],
) -> None:
    world = World()
    for deed in deeds:
        live(world, deed)
        assert world.suspended == ""
    world.settle()
    assert world.there == world.should_be
    assert {href: world.texts[href] for href in world.server} == {
        each.href: each.hash for each in world.wanted().values()
    }
    assert world.changes == []


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(news | rounds, max_size=25), st.lists(news | rounds, max_size=10))
def test_lost_memory_makes_no_duplicates(deeds: list[tuple[Any, ...]], more: list[tuple[Any, ...]]) -> None:
    world = World()
    for deed in deeds:
        live(world, deed)
    world.settle()
    generations = {
        uid: each
        for uid, each in world.memory.items()
        if each.state == ItemState.GONE or not uid.endswith("g1")
    }
    world.memory = dict(generations)
    for deed in more:
        live(world, deed)
    world.settle()
    wanted = {uid: each.view for uid, each in world.wanted().items()}
    assert {uid: world.server[f"{HOME}{uid}"][1] for uid in wanted} == wanted
    assert world.changes == []


@settings(max_examples=examples(400), deadline=None)
@given(st.lists(news | rounds | owners, max_size=40))
def test_what_owners_do_is_never_undone_and_never_noted_twice(deeds: list[tuple[Any, ...]]) -> None:
    world = World()
    for deed in deeds:
        live(world, deed)
        if world.suspended:
            return
    world.settle()
    if world.suspended:
        return
    noted = len(world.changes)
    away = {uid for uid, each in world.memory.items() if each.state == ItemState.DROPPED}
    assert not away & {href.rpartition("/")[2] for href in world.server}
    writes, server = world.writes, dict(world.server)
    for _ in range(3):
        world.round()
    assert (len(world.changes), world.writes, world.server) == (noted, writes, server)
    uids = [href.rpartition("/")[2] for href in world.server]
    assert len(uids) == len(set(uids))


@settings(max_examples=examples(300), deadline=None)
@given(
    st.lists(st.integers(0, 7), min_size=1, max_size=5),
    names,
    st.sampled_from(["move", "delete", "touch"]),
    st.booleans(),
)
def test_a_deed_between_our_look_and_our_write_is_seen(
    numbers: list[int], name: str, deed: str, news: bool
) -> None:
    world = World(want=dict(zip(NAMES, numbers, strict=False)))
    world.settle()
    if news:
        world.want = {each: number + 10 for each, number in world.want.items()}
    world.round(lambda world: owner(world, deed, name, 150))
    world.settle()
    was_there = name in world.want
    assert len(world.changes) == (1 if was_there and deed != "touch" else 0)
    if was_there and deed == "delete":
        assert name not in world.there
    elif was_there and deed == "move" and not news:
        assert world.there[name] == world.view(150)
    else:
        assert world.there == world.should_be


def three(state: str = ItemState.KEPT) -> tuple[World, dict[str, Known]]:
    world = World(want=dict.fromkeys(NAMES, 2))
    world.settle()
    return world, world.memory


def test_most_of_them_vanishing_at_once_is_a_question_and_fewer_are_not() -> None:
    for many, suspended in ((1, ""), (2, ""), (3, "emptied"), (5, "emptied")):
        world, _ = three()
        for href in sorted(world.server)[:many]:
            del world.server[href]
        writes = world.writes
        world.round()
        assert (world.suspended, world.writes) == (suspended, writes)
        assert len([each for each in world.memory.values() if each.state == ItemState.DROPPED]) == many
        assert len(world.changes) == (0 if suspended else many)
        world.round()
        assert (world.suspended, world.writes) == ("", writes)


def test_what_comes_back_from_the_bin_is_kept_again() -> None:
    world, _ = three()
    href = f"{HOME}a-g1"
    item = world.server.pop(href)
    world.settle()
    assert world.memory["a-g1"].state == ItemState.DROPPED
    world.server[href] = item
    world.settle()
    assert world.memory["a-g1"].state == ItemState.KEPT
    world.want["a"] = 6
    world.settle()
    assert world.there == world.should_be


def test_a_server_that_rewrites_what_it_is_given_is_believed_under_the_etag_of_our_write() -> None:
    intended = Known("a", "/a", intended={"occurrences": {"x": {}}})
    other = {"occurrences": {"y": {}}}
    same = written(intended, RemoteItem("1", other), etag="1", hash="h")
    assert same == Known("a", "/a", "1", base=other, written_hash="h")
    assert written(intended, RemoteItem("2", other), etag="1", hash="h") is None
    assert written(intended, RemoteItem("2", {"occurrences": {"x": {}}}), etag="1", hash="h") is not None
    assert written(intended, RemoteItem("2", None), etag="", hash="h") == Known(
        "a", "/a", "2", base=sync_plan.UNREADABLE, written_hash="h"
    )


LATER, EARLIER = (2, "20260301T000000Z"), (1, "20260201T000000Z")


def one(number: int) -> dict[str, Any]:
    return {"occurrences": {"x": {"start": number, "end": number, "cancelled": False}}}


def kept(name: str, **more: Any) -> Known:
    facts: dict[str, Any] = {"etag": f"{name}2", "base": one(2), "written_hash": "two", "revision": LATER}
    return Known(name, f"/home/{name}", **{**facts, **more})


def two(name: str) -> Wanted:
    return Wanted(name, f"/home/{name}", "two", one(2))


def test_a_copy_from_an_older_backup_is_nobodys_change_and_what_vanished_with_it_is_made_again() -> None:
    wanted, known = {"a": two("a"), "b": two("b")}, {"a": kept("a"), "b": kept("b")}
    steps = plan(wanted, known, {"/home/a": "a1"}, {"/home/a": RemoteItem("a1", one(1), EARLIER)}).steps
    assert [(step.act, step.change) for step in steps.values()] == [(Act.CHANGE, None), (Act.CREATE, None)]


def test_whoever_edits_an_entry_stamps_it_later_or_leaves_its_stamp_alone() -> None:
    for revision in (LATER, (1, LATER[1]), (3, EARLIER[1]), (2, "20260302T000000Z"), (0, "")):
        step = plan(
            {"a": two("a")},
            {"a": kept("a")},
            {"/home/a": "a3"},
            {"/home/a": RemoteItem("a3", one(3), revision)},
        ).steps["a"]
        assert (step.act, step.change) == (None, {"before": one(2), "after": one(3)}), revision


def test_what_is_gone_for_good_and_there_again_is_taken_away_again() -> None:
    steps = plan(
        {}, {"a": Known("a", "/home/a", base=one(2), state=ItemState.GONE)}, {"/home/a": "a1"}, {}
    ).steps
    assert [(step.act, step.after.state) for step in steps.values()] == [(Act.DELETE, ItemState.LEAVING)]


def test_what_is_no_longer_wanted_and_not_where_it_was_is_looked_for_before_it_counts_as_gone() -> None:
    steps = plan({}, {"a": kept("a")}, {}, {}).steps
    assert [step.act for step in steps.values()] == [Act.SEARCH]
    assert (dropped(kept("a"), wanted=False).after.state, dropped(kept("a"), wanted=False).change) == (
        ItemState.GONE,
        None,
    )
