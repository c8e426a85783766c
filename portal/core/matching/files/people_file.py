"""From a People file to the engine's problem, with every row that cannot be taken: its line, its column, why,
what to do.

Ids are any text; the engine sees numbers in the order of the ids (by number where all are whole numbers, else
by text), so that the same people in any order of rows give the same pairs. Who is skipped as a bad row still
stands between others in a line of managers. Pure: text in, values out. The texts are for an operator at the
command line.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from portal.core.matching.candidates import Candidate, Problem, Rules
from portal.core.matching.files import people_cells
from portal.core.matching.files.people_cells import Known, Unreadable, quoted
from portal.core.matching.files.people_locks import Pair, bad_locks, locked_pairs
from portal.core.matching.files.people_names import Directory, Named
from portal.core.matching.files.people_table import COLUMNS, BadRow, FileError, Row, decoded, rows

WHOLE_ID = re.compile(r"[+-]?[0-9]{1,18}")
PLACE = {name: at for at, name in enumerate(("", *COLUMNS))}
DEFAULTS = {
    "grade": "unknown, which forbids nothing",
    "time_zone": people_cells.USUAL_ZONE,
    "hours": people_cells.USUAL_HOURS,
    "languages": ", ".join(people_cells.USUAL_LANGUAGES),
    "teaches": "nothing",
    "learns": "nothing",
}
"""What a column that is not there comes to, where that changes who may be paired or how well."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a file is matched by: weights and rules, the first day that counts, and what cells may name."""

    weights: Mapping[str, int]
    rules: Rules
    on: date
    known: Known


@dataclass(slots=True)
class Entry:
    """Somebody in the file: the line of their row, their id, what its cells say, and what
    is wrong with it.
    """

    line: int
    id: str
    says: dict[str, Any]
    bad: list[BadRow] = field(default_factory=list)


@dataclass(frozen=True)
class PeopleFile:
    """A file that was read: the problem of its good rows, the bad ones, and what else is worth telling.

    `ids` are the people's own, by the number the problem knows them by. `skipped` are line and id ("" where
    there is none).
    """

    problem: Problem
    ids: Mapping[int, str]
    bad: tuple[BadRow, ...]
    skipped: tuple[tuple[int, str], ...]
    notes: tuple[str, ...]


def read_people(given: bytes | str, terms: Terms) -> PeopleFile:
    """The people in a file; raises FileError for one that cannot be read at all."""
    columns, found = rows(decoded(given) if isinstance(given, bytes) else given)
    entries = _entries(found, terms.known)
    if not entries:
        raise FileError("There is nobody in the file: below the header there is no row.")
    numbers = numbered(each.id for each in entries if each.id)
    _check_named(entries, numbers)
    problem, let_go = _problem(entries, numbers, terms)
    bad = sorted(
        (wrong for each in entries for wrong in each.bad), key=lambda wrong: (wrong.line, PLACE[wrong.column])
    )
    skipped = tuple((each.line, each.id) for each in entries if each.bad)
    notes = (*_left_out(columns), *_strangers(entries, numbers), *let_go)
    return PeopleFile(problem, {number: name for name, number in numbers.items()}, tuple(bad), skipped, notes)


def numbered(ids: Iterable[str]) -> dict[str, int]:
    """A number for each id, from 1, in their order: by number where all are whole numbers, else by text."""
    different = set(ids)
    whole = all(WHOLE_ID.fullmatch(each) for each in different)
    ordered = sorted(different, key=lambda each: (int(each) if whole else 0, each))
    return {each: number for number, each in enumerate(ordered, 1)}


def _readers(known: Known) -> dict[str, Callable[[str], Any]]:
    return {
        "name": people_cells.text,
        "email": people_cells.text,
        "grade": people_cells.grade,
        "manager_id": people_cells.manager,
        "department": people_cells.text,
        "site": people_cells.text,
        "time_zone": known.zone,
        "hours": people_cells.hours,
        "languages": known.languages,
        "role": people_cells.role,
        "capacity": people_cells.capacity,
        "teaches": known.wishes,
        "learns": known.wishes,
        "style": people_cells.style,
        "avoid": people_cells.people,
        "past_partners": people_cells.people,
        "locked_with": people_cells.people,
    }


def _entries(found: Iterable[Row], known: Known) -> list[Entry]:
    """What the rows say, cell by cell. The first row with an id has it; a later one with the same is bad."""
    readers, lines, entries = _readers(known), dict[str, int](), []
    for row in list(found):  # all of it at first: too many rows are refused before any is looked at
        entry = _entry(row, readers)
        if entry.id in lines:
            reason = f"{quoted(entry.id)} is the id of line {lines[entry.id]} already."
            entry.bad.append(
                BadRow(row.line, "id", reason, "Give each person one row and an id of their own.")
            )
            entry.id = ""
        elif entry.id:
            lines[entry.id] = row.line
        entries.append(entry)
    return entries


def _entry(row: Row, readers: Mapping[str, Callable[[str], Any]]) -> Entry:
    entry = Entry(row.line, "", {}, [row.bad] if row.bad else [])
    entry.id = _value(row, "id", people_cells.person, entry.bad) or ""
    if row.bad:
        entry.bad = [row.bad]
        return entry
    for column, reader in readers.items():
        entry.says[column] = _value(row, column, reader, entry.bad)
    return entry


def _value(row: Row, column: str, reader: Callable[[str], Any], bad: list[BadRow]) -> Any:
    try:
        return reader(people_cells.cleaned(row.cells.get(column, "")))
    except Unreadable as error:
        bad.append(BadRow(row.line, column, error.reason, error.way))
        return None


def _check_named(entries: Sequence[Entry], numbers: Mapping[str, int]) -> None:
    """Put ids in place of names and addresses. Note people who are named as their own, and names that stand
    for nobody or for several.

    Past partners may have left and be in the file no more; a note tells of them.
    """
    directory: Directory | None = None
    for entry in entries:
        for column in NAMING:
            names = _of(entry, column)
            if any(name not in numbers for name in names):
                directory = directory or _directory(entries)
                names = tuple(_resolved(entry, column, names, directory, numbers))
                entry.says[column] = names[0] if column == "manager_id" and len(names) == 1 else names
            if entry.id in names and column in OWN:
                reason, way = OWN[column]
                entry.bad.append(BadRow(entry.line, column, reason, way))


def _directory(entries: Sequence[Entry]) -> Directory:
    return Directory(
        [
            Named(entry.line, entry.id, entry.says.get("name") or "", entry.says.get("email") or "")
            for entry in entries
            if entry.id
        ]
    )


def _resolved(
    entry: Entry, column: str, names: Sequence[str], directory: Directory, numbers: Mapping[str, int]
) -> Iterator[str]:
    for name in names:
        try:
            found = list(directory.ids(name, numbers))
        except Unreadable as error:
            if column == "past_partners" and not error.way:
                yield name
            else:
                way = f"{error.way} {STRANGER[column]}" if "nobody" in error.reason else error.way
                entry.bad.append(BadRow(entry.line, column, error.reason, way.strip()))
            continue
        if column == "manager_id" and len(found) > 1:
            entry.bad.append(BadRow(entry.line, column, f"{quoted(name)} are several people.", ONE_MANAGER))
        else:
            yield from found


def _of(entry: Entry, column: str) -> tuple[str, ...]:
    value = entry.says.get(column)
    return (value,) if isinstance(value, str) else value or ()


def _problem(entries: Sequence[Entry], numbers: Mapping[str, int], terms: Terms) -> tuple[Problem, list[str]]:
    """The problem of the good rows. Rows whose locks cannot be kept turn bad on the way; notes tell of locks
    let go.
    """
    managers = _managers(entries, numbers)

    def problem_of(locked: Iterable[Pair]) -> Problem:
        return Problem(
            candidates=tuple(
                _candidate(each, numbers) for each in entries if not each.bad and any(each.says["role"])
            ),
            managers=managers,
            topics={each.id: (each.label, each.area) for each in terms.known.catalogue},
            weights=dict(terms.weights),
            on=terms.on,
            rules=terms.rules,
            locked=tuple(locked),
        )

    by_number = {numbers[each.id]: each for each in entries if each.id}
    wanted = [
        (numbers[each.id], numbers[other])
        for each in entries
        if not each.bad
        for other in _of(each, "locked_with")
    ]
    problem = problem_of(())
    locked = locked_pairs(
        problem, {person for person, each in by_number.items() if not each.bad}, wanted, terms.rules
    )
    wrong = [*locked.bad, *bad_locks(problem, locked.pairs)]
    for person, reason, way in wrong:
        by_number[person].bad.append(BadRow(by_number[person].line, "locked_with", reason, way))
    kept = [pair for pair in locked.pairs if not any(by_number[person].bad for person in pair)]
    gone = [pair for pair in wanted if any(by_number[person].bad for person in pair)]
    notes = [
        f"{by_number[one].id} is not locked with {by_number[other].id}, since a row is skipped."
        for one, other in gone
    ]
    return (problem_of(kept) if kept or wrong else problem), notes


def _managers(entries: Sequence[Entry], numbers: Mapping[str, int]) -> dict[int, int | None]:
    """Person -> manager, as far as they can be known; also of those whose rows are bad."""
    found: dict[int, int | None] = {}
    for each in entries:
        if each.id:
            above = each.says.get("manager_id")
            found[numbers[each.id]] = numbers.get(above) if above and above != each.id else None
    return found


def _candidate(entry: Entry, numbers: Mapping[str, int]) -> Candidate:
    says = entry.says
    as_mentor, as_mentee = says["role"]
    own = numbers[entry.id]
    return Candidate(
        id=own,
        name=says["name"] or entry.id,
        grade=says["grade"],
        manager_id=numbers[says["manager_id"]] if says["manager_id"] else None,
        department=says["department"],
        site=says["site"],
        zone=says["time_zone"],
        hours=says["hours"],
        languages=says["languages"],
        style=says["style"],
        as_mentor=as_mentor,
        as_mentee=as_mentee,
        mentor_capacity=says["capacity"],
        mentee_capacity=says["capacity"],
        teaches=says["teaches"],
        learns=says["learns"],
        avoids=frozenset(numbers[each] for each in says["avoid"] if each in numbers) - {own},
        past_partners=frozenset(numbers[each] for each in says["past_partners"] if each in numbers) - {own},
    )


def _left_out(columns: Sequence[str]) -> list[str]:
    """What is taken for granted where whole columns are missing."""
    missing = [f"{name}: {usual}" for name, usual in DEFAULTS.items() if name not in columns]
    return (
        [f"Columns that are not there, and what counts for everybody: {'; '.join(missing)}."]
        if missing
        else []
    )


def _strangers(entries: Sequence[Entry], numbers: Mapping[str, int]) -> list[str]:
    """That past partners are not in the file, which changes nothing but may be a slip."""
    found = [
        (entry.line, name)
        for entry in entries
        if not entry.bad
        for name in _of(entry, "past_partners")
        if name not in numbers
    ]
    if not found:
        return []
    line, name = found[0]
    belong = "One id in past_partners belongs"
    if len(found) > 1:
        belong = f"{len(found):,} ids in past_partners belong"
    return [f"{belong} to nobody in this file: line {line}: {quoted(name)}."]


NAMING = ("manager_id", "avoid", "past_partners", "locked_with")
"""The columns that name other people."""
ONE_MANAGER = "Name one manager."
OWN = {
    "manager_id": ("it names the person as their own manager.", "Name somebody else, or leave it empty."),
    "locked_with": ("it locks the person to themselves.", "Name somebody else, or leave it empty."),
}
STRANGER = {
    "manager_id": "Add a row for them (with the role none, if they take no part), or leave it empty.",
    "avoid": "Write the id as it is in the column id; whoever is not in the file needs no mention.",
    "past_partners": "Write the id as it is in the column id; whoever is not in the file needs no mention.",
    "locked_with": "Write the id as it is in the column id, or take it away.",
}
