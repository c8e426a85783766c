"""People files and Rules files as they come: what is understood, and what is refused, where and why."""

# long because its cases belong together
from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.hours.weekly_hours import parse_hours
from portal.core.matching.candidates import Refusal, Rules, Wish
from portal.core.matching.engine import match
from portal.core.matching.files.people_cells import Known
from portal.core.matching.files.people_file import PeopleFile, Terms, numbered, read_people
from portal.core.matching.files.people_table import COLUMNS, MOST_ROWS, FileError, decoded
from portal.core.matching.files.rules_file import USUAL_WEIGHTS, read_rules
from portal.core.matching.topics.index import CATALOGUE
from portal.errors import PortalError

DAY = date(2026, 11, 22)
DEEP = 10_000


def codes(text: str) -> list[str]:
    """Languages as two letters; stands in for the portal's own reader, which knows names too."""
    found = [each.strip() for each in text.split(";") if each.strip()]
    if wrong := [each for each in found if len(each) != 2]:
        raise ValueError(wrong[0])
    return found


def read(given: bytes | str, **rules: int) -> PeopleFile:
    return read_people(given, Terms(USUAL_WEIGHTS, Rules(**rules), DAY, Known(codes)))


def table(*rows: Mapping[str, str]) -> str:
    """A file of rows; who is given no role mentors, who is given no id is p1, p2 and so on."""
    file = io.StringIO()
    out = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    out.writeheader()
    out.writerows({"id": f"p{number}", "role": "mentor", **row} for number, row in enumerate(rows, 1))
    return file.getvalue()


def wrong(given: bytes | str, **rules: int) -> list[str]:
    return [str(each) for each in read(given, **rules).bad]


def refusal(given: bytes | str) -> str:
    with pytest.raises(FileError) as caught:
        read(given)
    return caught.value.message


FULL = dict(
    zip(
        COLUMNS,
        (
            *("x-7", "Ada Lindqvist", "ada@example.com", "2", "x-9", "Design", "Berlin", "Europe/Berlin"),
            *(
                "Tue 10:00-12:00; Thu 14:00-16:00",
                "en; de",
                "both",
                "2",
                "TikTok:3; ai-at-work:1",
                "Short-form video:2",
            ),
            *("Introvert", "x-9", "x-8 ; x-8;gone", ""),
        ),
        strict=True,
    )
)


def test_every_column_is_understood_in_any_order_with_any_ends_of_lines_and_a_mark_at_the_beginning() -> None:
    plain = table(FULL, {"id": "x-8", "locked_with": "x-9"}, {"id": "x-9", "role": "mentee", "capacity": "5"})
    turned = "\r\n".join(_joined(reversed(row)) for row in csv.reader(io.StringIO(plain)))
    found = read(plain)
    [ada, _, other] = found.problem.candidates
    assert found.bad == ()
    assert found.ids == {1: "x-7", 2: "x-8", 3: "x-9"}
    assert (ada.id, ada.name, ada.grade, ada.manager_id, ada.department, ada.site) == (
        1,
        "Ada Lindqvist",
        2,
        3,
        "Design",
        "Berlin",
    )
    assert (ada.zone, ada.hours, ada.languages) == (
        "Europe/Berlin",
        parse_hours("Tue 10-12; Thu 14-16"),
        ("en", "de"),
    )
    assert (ada.as_mentor, ada.as_mentee, ada.mentor_capacity, ada.mentee_capacity) == (True, True, 2, 2)
    assert (ada.teaches, ada.learns) == (
        (Wish("short-video", 3), Wish("ai-at-work", 1)),
        (Wish("short-video", 2),),
    )
    assert (ada.style, ada.avoids, ada.past_partners) == ("introvert", {3}, {2})
    assert (other.mentor_capacity, found.problem.locked) == (5, ((2, 3),))
    assert found.notes == ("One id in past_partners belongs to nobody in this file: line 2: “gone”.",)
    for again in (turned, "\ufeff" + turned, turned.encode(), b"\xef\xbb\xbf" + turned.encode()):
        assert read(again).problem == found.problem


def _joined(cells: object) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="").writerow(cells)  # type: ignore[arg-type]  # cells of a row
    return file.getvalue()


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_what_spreadsheets_write_in_place_of_commas_is_understood(delimiter: str) -> None:
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows(
        csv.reader(io.StringIO(table(FULL, {"id": "x-8"}, {"id": "x-9"})))
    )
    plain = read(table(FULL, {"id": "x-8"}, {"id": "x-9"}))
    assert read(file.getvalue()).problem == plain.problem
    assert read(f"sep={delimiter}\n{file.getvalue()}").problem == plain.problem


def test_only_id_and_role_are_needed_and_what_counts_in_place_of_the_rest_is_told() -> None:
    found = read("Role,ID\nmentor,1\nmentee,2\n")
    [one, _] = found.problem.candidates
    assert (one.name, one.grade, one.zone, one.languages, one.style) == (
        "1",
        None,
        "UTC",
        ("en",),
        "balanced",
    )
    assert (one.hours, one.mentor_capacity, one.teaches) == (parse_hours("Mon-Fri 09:00-17:00"), 1, ())
    [note] = found.notes
    assert (
        note
        == "Columns that are not there, and what counts for everybody: grade: unknown, which forbids nothing;"
        " time_zone: UTC; hours: Mon-Fri 09:00-17:00; languages: en; teaches: nothing; learns: nothing."
    )


def test_ids_are_ordered_as_numbers_where_all_are_and_as_text_else() -> None:
    assert numbered(["10", "9", "-1", "010"]) == {"-1": 1, "9": 2, "010": 3, "10": 4}
    assert numbered(["10", "9", "a"]) == {"10": 1, "9": 2, "a": 3}
    assert numbered(["١٢", "9" * 30, "=1+1", "“"]) == {"9" * 30: 1, "=1+1": 2, "١٢": 3, "“": 4}


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("id", "", "it is empty."),
        ("id", "a;b", "“a;b” is no id."),
        ("name", "a\0b", "it holds U+0000"),
        ("name", "x" * 301, "it has 301 characters."),
        *(
            ("grade", cell, f"“{cell}” is no whole number.")
            for cell in ("NaN", "inf", "-inf", "1e9", "2.0", "٣", "three", "=1+1")
        ),
        ("grade", "1001", "“1001” is too large."),
        ("grade", "9" * 5000, "is no whole number."),
        *(("capacity", cell, f"“{cell}” is too small.") for cell in ("0", "-1")),
        ("capacity", "6", "“6” is too large. Write a whole number from 1 to 5"),
        ("role", "boss", "“boss” is no role. Write mentor, mentee or both"),
        ("role", "", "it is empty. Write mentor, mentee or both"),
        ("time_zone", "Berlin", "“Berlin” is no time zone. Did you mean Europe/Berlin?"),
        ("time_zone", "../../etc/passwd", "is no time zone."),
        ("hours", "Mon 17:00-09:00", "cannot be read as hours. Write the earlier time first"),
        ("hours", "9-5", "“9-5” cannot be read as hours. Did you mean Mon-Fri 09:00-17:00?"),
        ("hours", "whenever", "“whenever” cannot be read as hours."),
        ("languages", "en; Elvish", "“Elvish” is no language that is known here."),
        ("style", "shy", "“shy” is no style. Write introvert, balanced or extrovert"),
        ("teaches", "reels", "“reels” has no level from 1 to 3. Write it like “reels:2”."),
        ("teaches", "reels:4", "“reels:4” has no level from 1 to 3. Write it like “reels:2”."),
        (
            "learns",
            "shrt video:2",
            "“shrt video” is no topic that is known here. Did you mean short-video (Short-form video)?",
        ),
        (
            "learns",
            "qqqqq:2",
            "“qqqqq” is no topic that is known here. `portal topics --shipped` lists those there are.",
        ),
        ("learns", "reels:2; TikTok:1", "“TikTok” names short-video a second time."),
        ("manager_id", "zz", "“zz” is nobody in this file. Add a row for them"),
        ("manager_id", "p1", "it names the person as their own manager."),
        ("locked_with", "zz", "“zz” is nobody in this file."),
        ("locked_with", "p1", "it locks the person to themselves."),
    ],
)
def test_a_bad_cell_is_told_with_its_line_its_column_and_the_way_out(
    column: str, cell: str, reason: str
) -> None:
    found = wrong(table({column: cell, **({"id": cell} if column == "id" else {})}, {"role": "mentee"}))
    assert len(found) == 1
    assert found[0].startswith(f"line 2, {column}: ")
    assert reason in found[0]


def test_lines_are_those_of_an_editor_whatever_stands_in_the_cells() -> None:
    text = 'id,role,name,grade\n\n1,mentor,"two\r\nlines ""quoted""",x\n,,,\n2,boss,"a,b",\r\n'
    text += "\r\n3,mentee,c\n1,mentee,d,1\n4,mentor,e,1,f\n"
    assert [found.partition(" ")[2].partition(":")[0] for found in wrong(text)] == [
        "3, grade",
        "6, role",
        "8",
        "9, id",
        "10",
    ]
    assert "it has 3 cells, but the header has 4." in wrong(text)[2]
    assert "“1” is the id of line 3 already." in wrong(text)[3]


def test_every_bad_row_is_found_at_once() -> None:
    rows = [{"grade": "x"} if number % 2 else {} for number in range(400)]
    assert [each.line for each in read(table(*rows)).bad] == list(range(3, 402, 2))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "The file is empty."),
        ("\n \n", "The file is empty."),
        ("id,role\n", "There is nobody in the file"),
        ("1,2\n3,4\n", "The first row names none of the columns there are: id, name"),
        ("id,role,id\n1,mentor,2\n", "The column “id” is there twice."),
        ("id,role,manger_id\n1,mentor,\n", "There is no column “manger_id”. Did you mean manager_id?"),
        ("id,role,shoe size\n1,mentor,9\n", "There is no column “shoe size”. Take it away."),
        ("id,name\n1,a\n", "The column role is missing."),
        (
            'id,role,name\n1,mentor,"abc\n2,mentee,b\n',
            "A quotation mark on line 2 has no partner that ends the cell",
        ),
        ('id,role,name\n1,mentor,"a\n2,mentee,"b"\n', "the row would run on to line 3"),
        (b"id,role,name\n1,mentor,J\xf6rg\n", "Line 2 is not UTF-8 (byte 0xf6)."),
        ("id,role\n1,mentor\n".encode("utf-16"), "This is UTF-16, not UTF-8."),
        ("id,role\n" + "1,mentor\n" * (MOST_ROWS + 1), "The file has more than 200,000 people."),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_file_that_cannot_be_read_says_why(text: bytes | str, reason: str) -> None:
    assert reason in refusal(text)


def test_a_cell_of_ten_megabytes_spoils_its_row_alone() -> None:
    found = read(f"id,role,name\n1,mentor,{'x' * 10_000_000}\n2,mentee,b\n")
    assert [str(each) for each in found.bad] == [
        "line 2: a cell has more than 131,072 characters. Shorten it."
    ]
    assert [each.name for each in found.problem.candidates] == ["b"]


def test_managers_may_take_no_part_stand_ten_thousand_deep_and_go_in_circles() -> None:
    deep = [
        {"id": str(each), "manager_id": str(each - 1) if each else "", "role": "none"} for each in range(DEEP)
    ]
    deep[0]["role"], deep[-1]["role"] = "mentee", "mentor"
    found = read(table(*deep))
    assert (len(found.problem.candidates), found.problem.lines) == (2, {1: (), DEEP: (1,)})
    deep[0]["manager_id"] = str(DEEP - 1)
    assert read(table(*deep)).problem.lines == {1: (DEEP,), DEEP: (1,)}


def test_whoever_is_skipped_still_stands_in_the_line_of_managers() -> None:
    rows = [{"manager_id": "p2"}, {"manager_id": "p3", "grade": "x"}, {"role": "mentee"}]
    found = read(table(*rows))
    assert found.skipped == ((3, "p2"),)
    assert match(found.problem).pairs == ()


JUNIOR, SENIOR = {"grade": "1", "role": "both"}, {"grade": "5", "role": "both"}


@pytest.mark.parametrize(
    ("one", "two", "pair"),
    [
        ({"role": "mentor"}, {"role": "mentee"}, (1, 2)),
        ({"role": "mentee"}, {"role": "both"}, (2, 1)),
        (JUNIOR, SENIOR, (1, 2)),
        (SENIOR, JUNIOR, (2, 1)),
    ],
)
def test_of_two_who_are_locked_the_one_mentors_whose_role_or_grade_says_so(
    one: dict[str, str], two: dict[str, str], pair: tuple[int, int]
) -> None:
    for locked in (
        [{"locked_with": "p2"}, {}],
        [{}, {"locked_with": "p1"}],
        [{"locked_with": "p2"}, {"locked_with": "p1"}],
    ):
        found = read(table({**one, **locked[0]}, {**two, **locked[1]}))
        assert (found.bad, found.problem.locked) == ((), (pair,))


@pytest.mark.parametrize(
    ("one", "two", "reason"),
    [
        (
            {"role": "both"},
            {"role": "both"},
            "p1 and p2 are locked together, and either could mentor the other.",
        ),
        ({"role": "mentor"}, {"role": "mentor"}, "neither is a mentor where the other is a mentee."),
        ({"role": "mentor"}, {"role": "none"}, "one of the two takes no part"),
        ({"grade": "5"}, {"role": "mentee", "grade": "1"}, "p1 is not junior enough to mentor p2."),
        (
            {},
            {"role": "mentee", "avoid": "p1"},
            "p1 and p2 cannot be locked together: These two cannot be paired.",
        ),
        ({"manager_id": "p2"}, {"role": "mentee"}, "p1 and p2 are in one line of managers."),
        (
            {"locked_with": "p2;p3"},
            {"role": "mentee"},
            "p1 is locked into 2 pairs as mentor, with a capacity of 1.",
        ),
    ],
)
def test_locks_that_cannot_be_kept_are_bad_rows(
    one: dict[str, str], two: dict[str, str], reason: str
) -> None:
    found = read(table({"locked_with": "p2", **one}, two, {"role": "mentee"}))
    assert [each.line for each in found.bad] == [2]
    assert reason in str(found.bad[0])
    assert found.problem.locked == ()
    match(found.problem)


def test_a_lock_with_somebody_who_is_skipped_is_let_go_and_named() -> None:
    found = read(table({"locked_with": "p2"}, {"role": "mentee", "grade": "x"}, {"role": "mentee"}))
    assert found.notes == ("p1 is not locked with p2, since a row is skipped.",)
    assert [(pair.mentor_id, pair.mentee_id) for pair in match(found.problem).pairs] == [(1, 3)]


def test_the_order_of_rows_changes_nothing() -> None:
    chance = Random(3)
    rows = [
        {
            "id": f"q{number}",
            "role": chance.choice(("mentor", "mentee", "both")),
            "grade": str(number % 6),
            "learns": "reels:2",
        }
        for number in range(40)
    ]
    mixed = chance.sample(rows, len(rows))
    assert read(table(*rows)).problem == read(table(*mixed)).problem
    assert match(read(table(*rows)).problem) == match(read(table(*mixed)).problem)


CELLS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            "mentor",
            "mentee",
            "both",
            "p1",
            "p2",
            "1",
            "-1",
            "NaN",
            "reels:2",
            "Mon 9-10",
            "Europe/Berlin",
            "en",
            '"',
            ";",
        ]
    ),
)


@given(st.one_of(st.text(), st.binary(), st.text(alphabet='id,role\n";\t\r1mentor')))
def test_garbage_is_refused_and_never_breaks(given: bytes | str) -> None:
    with pytest.raises(PortalError):
        read(given)


@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(COLUMNS, CELLS)), min_size=1, max_size=8))
def test_rows_of_anything_are_either_bad_or_can_be_matched(rows: list[dict[str, str]]) -> None:
    try:
        found = read(table(*rows))
    except FileError:
        return
    assert {each.line for each in found.bad} == {line for line, _ in found.skipped}
    assert len(match(found.problem).pairs) >= len(found.problem.locked)


def test_rules_are_read_and_what_they_leave_out_is_as_usual() -> None:
    assert read_rules("{}") == (dict(USUAL_WEIGHTS), Rules())
    weights = {**USUAL_WEIGHTS, "interests": 50, "time": 20}
    rules = {"weights": weights, "line": "auto", "min_grade_gap": 2, "stay_bonus": 0, "musts": ["topic"]}
    text = json.dumps(rules)
    assert read_rules("\ufeff" + text) == (weights, Rules("auto", 2, 0, ("topic",)))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "It is no JSON: line 1, column 1"),
        ('{"line": 40,}', "It is no JSON"),
        ("[]", "Rules are an object like"),
        ('{"lines": 40}', "There is no “lines” in the rules. Did you mean “line”?"),
        ('{"line": 40, "line": 50}', "“line” is there twice."),
        ('{"line": NaN}', "NaN is no number"),
        ('{"line": Infinity}', "Infinity is no number"),
        ('{"line": 40.5}', "line is 40.5. Write a whole number or “auto”."),
        ('{"line": true}', "line is true. Write a whole number"),
        ('{"line": "car"}', "line is “car”."),
        ('{"line": 101}', "The line is a whole number from 0 to 100"),
        (f'{{"line": {"9" * 5000}}}', "It holds a number that is too long."),
        (f'{{"line": {"9" * 400}}}', "The line is a whole number from 0 to 100"),
        ('{"min_grade_gap": "1"}', "min_grade_gap is “1”. Write a whole number."),
        ('{"stay_bonus": 5}', "stay_bonus is 5. A file of people holds no earlier pairs"),
        ('{"stay_bonus": -1}', "The bonus for staying"),
        ('{"weights": 7}', "weights is 7. Write an object with all of interests"),
        (
            '{"weights": {"intrests": 100}}',
            "There is no “intrests” in the weights. Did you mean “interests”?",
        ),
        (
            '{"weights": {"interests": 100}}',
            "The weights lack style, time, department, giveback, language, place.",
        ),
        (
            f'{{"weights": {dict.fromkeys(USUAL_WEIGHTS, 10)}}}'.replace("'", '"'),
            "The weights sum to 70. Make them sum to 100.",
        ),
        (
            f'{{"weights": {dict.fromkeys(USUAL_WEIGHTS, -1)}}}'.replace("'", '"'),
            "The weight of interests is -1.",
        ),
        ('{"musts": "topic"}', "musts is “topic”. Write a list of department, site, topic"),
        ('{"musts": ["topics"]}', "There is no “topics” in musts. Did you mean “topic”?"),
        ("[" * 100_000, "It is nested too deep"),
    ],
    ids=lambda value: value[:40],
)
def test_rules_that_cannot_be_taken_say_why(text: str, reason: str) -> None:
    with pytest.raises((FileError, Refusal)) as caught:
        read_rules(text)
    assert reason in caught.value.message


@given(st.one_of(st.text(), st.recursive(st.none() | st.text(max_size=5) | st.floats(), st.lists).map(str)))
def test_rules_of_anything_are_refused_or_taken(text: str) -> None:
    try:
        weights, _ = read_rules(text)
    except PortalError:
        return
    assert sum(weights.values()) == 100


def test_text_is_decoded_as_it_stands() -> None:
    assert decoded("ä“\n".encode()) == "ä“\n"


def test_every_topic_can_be_named_by_its_id_its_label_and_each_of_its_aliases() -> None:
    known = Known(codes)
    for topic in CATALOGUE:
        for name in (topic.id, topic.label, *topic.aliases):
            assert known.wishes(f" {name} : 2;") == (Wish(topic.id, 2),)
