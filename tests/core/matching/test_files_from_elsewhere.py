"""People files as other systems and hands write them: each thing is understood, or the message says how to
write it.
"""

import io
import zipfile

import pytest

from portal.core.matching.engine import match
from tests.core.matching.test_people_file import read, refusal, table, wrong

ADA = {"name": "Ada Lindqvist", "email": "Ada@example.com"}
BEN = {"name": "Ben Öde", "email": "ben@example.com", "role": "mentee"}
NAMESAKE = {"name": "ben öde", "email": "other@example.com", "role": "mentee"}
WAYS_TO_NAME_BEN = (
    "p2",
    "P2",
    "Ben Öde",
    "BEN  ÖDE",
    "Öde, Ben",
    "Ben@Example.com",
    "Ben Öde <ben@example.com>",
    "p3, p2",
)
COLUMNS_OF_PEOPLE = ("avoid", "manager_id", "past_partners", "locked_with")


@pytest.mark.parametrize("cell", WAYS_TO_NAME_BEN)
@pytest.mark.parametrize("column", ["avoid", "past_partners"])
def test_people_are_kept_apart_however_they_are_named(column: str, cell: str) -> None:
    found = read(table({**ADA, column: cell}, BEN, {"role": "none"}))
    assert found.bad == ()
    assert match(found.problem).pairs == ()
    assert match(read(table(ADA, BEN, {"role": "none"})).problem).pairs != ()


@pytest.mark.parametrize("cell", WAYS_TO_NAME_BEN[:-1])
def test_a_manager_may_be_named_by_name_or_address(cell: str) -> None:
    found = read(table({**ADA, "manager_id": cell}, BEN))
    assert (found.bad, found.problem.lines[1]) == ((), (2,))


def test_who_is_locked_may_be_named_by_address() -> None:
    assert read(table({**ADA, "locked_with": "BEN@example.com"}, BEN)).problem.locked == ((1, 2),)


@pytest.mark.parametrize("column", COLUMNS_OF_PEOPLE)
def test_a_name_that_several_have_is_refused(column: str) -> None:
    [reason] = wrong(table({**ADA, column: "Ben Öde"}, BEN, NAMESAKE))
    said = f"line 2, {column}: “Ben Öde” is the name of 2 people, on lines 3, 4."
    assert reason == f"{said} Write the id of the one who is meant."


@pytest.mark.parametrize("column", COLUMNS_OF_PEOPLE)
def test_a_name_that_is_nobodys_is_refused_with_the_nearest(column: str) -> None:
    [reason] = wrong(table({**ADA, column: "Ben Ode"}, BEN))
    assert reason.startswith(f"line 2, {column}: “Ben Ode” is nobody in this file. Did you mean “Ben Öde”?")


def test_who_is_to_be_avoided_is_in_the_file_or_the_row_is_bad_while_past_partners_may_have_left() -> None:
    [reason] = wrong(table({**ADA, "avoid": "zz"}, BEN))
    assert reason.startswith("line 2, avoid: “zz” is nobody in this file.")
    assert wrong(table({**ADA, "past_partners": "zz; p22"}, BEN)) == []
    assert wrong(table({**ADA, "past_partners": "p2, zz"}, BEN)) != []


def test_one_has_one_manager_and_is_not_their_own_by_another_name() -> None:
    assert "“p2, p3” are several people." in wrong(table({**ADA, "manager_id": "p2, p3"}, BEN, BEN))[0]
    assert "their own manager" in wrong(table({**ADA, "manager_id": "ada lindqvist"}, BEN))[0]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_all_columns_of_other_names_are_told_at_once_with_what_is_meant(delimiter: str) -> None:
    header = ("Employee ID", "Job Grade", "Location", "Line Manager", "Shoe size")
    said = refusal(delimiter.join(header) + "\n1\n")
    assert said.startswith(
        "There are no columns “Employee ID” (did you mean id?), “Job Grade” (did you mean grade?),"
        " “Location” (did you mean site?), “Line Manager” (did you mean manager_id?) and “Shoe size”."
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Personnel number", "id"),
        ("Full Name", "name"),
        ("E-mail address", "email"),
        ("Seniority level", "grade"),
        ("Reports to", "manager_id"),
        ("Business unit", "department"),
        ("Office location", "site"),
        ("Standort", "site"),
        ("Timezone", "time_zone"),
        ("Zeitzone", "time_zone"),
        ("Working hours", "hours"),
        ("Languages spoken", "languages"),
        ("Max mentees", "capacity"),
        ("Can teach", "teaches"),
        ("Wants to learn", "learns"),
        ("Do not match", "avoid"),
        ("Previous partners", "past_partners"),
    ],
)
def test_what_other_systems_call_a_column_is_known(written: str, meant: str) -> None:
    needed = "role" if meant == "id" else "id,role"
    assert f"There is no column “{written}”. Did you mean {meant}?" in refusal(f"{needed},{written}\n")


@pytest.mark.parametrize(
    ("cell", "way"),
    [
        ("reels, chatgpt", "Write it like “reels:2; chatgpt:2”."),
        ("reels:3, chatgpt:1", "Separate topics with semicolons: “reels:3; chatgpt:1”."),
        ("reels:2, chatgpt", "Write it like “reels:2; chatgpt:2”."),
        ("reels (3)", "Write it like “reels:3”."),
        ("reels 3", "Write it like “reels:3”."),
        ("reels:high", "Write it like “reels:2”."),
        ("shrt video:2", "`portal topics --shipped` lists those there are."),
        ("qqqqq:2", "`portal topics --shipped` lists those there are."),
        ("a" + " " * 100_000 + "b", "Write it like"),
    ],
    ids=lambda value: value[:40],
)
def test_topics_without_a_level_or_with_commas_are_shown_as_they_should_be(cell: str, way: str) -> None:
    [reason] = wrong(table({"learns": cell, "role": "mentee"}, {}))
    assert way in reason


def test_a_workbook_is_told_as_such_whatever_its_name() -> None:
    workbook = io.BytesIO()
    with zipfile.ZipFile(workbook, "w") as file:
        file.writestr("[Content_Types].xml", "<Types/>")
        file.writestr("xl/workbook.xml", "<workbook/>")
    assert refusal(workbook.getvalue()).startswith("This is a workbook (.xlsx), whatever its name says")
    assert "“CSV UTF-8”" in refusal(workbook.getvalue())
    assert refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1").startswith("This is a workbook of older Excel (.xls)")
    assert refusal(b"%PDF-1.7\n").startswith("This is a PDF")
