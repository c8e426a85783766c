"""`portal match` as a script meets it: a file in, files out, an exit status, and nothing of the portal's
around it.
"""

from __future__ import annotations

import csv
import json
import os
import pty
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.source import HOUSE

PORTAL = Path(sys.executable).with_name("portal")
SMALL = """id,name,role,grade,teaches,learns,manager_id,locked_with
j1,Ada,mentor,1,reels:3,,s2,
j2,=Bo,mentor,2,ai-at-work:2,,,
s1,Cy,mentee,6,,TikTok:3,,
s2,Di,mentee,5,,ai-at-work:2;reels:1,,
s3,Ed,mentee,5,,strategy:1,,
"""
BAD = "id,role,grade\n1,mentor,x\n2,mentee,\n3,mentor,1\n4,boss,\n"


def match(
    folder: Path, *arguments: str, given: str = "", environ: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder, with nothing at all in its environment."""
    command = [str(PORTAL), "match", *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env=environ or {},
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        encoding="utf-8",
    )


def people(folder: Path, text: str = SMALL) -> Path:
    file = folder / "people.csv"
    file.write_text(text, encoding="utf-8")
    return file


def many(*arguments: str) -> str:
    """A file that the generator makes."""
    command = [sys.executable, str(HOUSE / "benchmarks" / "people.py"), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=True, encoding="utf-8"
    ).stdout


def table(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


OUT = ("--out", "pairs.csv", "--report", "report.json")


def made(folder: Path) -> list[str]:
    """Everything in a folder but what the tests put there."""
    return sorted(each.name for each in folder.iterdir() if each.name not in ("people.csv", "rules.json"))


def test_pairs_report_and_scores_are_written_in_an_empty_environment(tmp_path: Path) -> None:
    people(tmp_path)
    done = match(tmp_path, "people.csv", *OUT, "--scores", "scores.csv")
    assert (done.returncode, done.stdout, made(tmp_path)) == (
        0,
        "",
        ["pairs.csv", "report.json", "scores.csv"],
    ), done.stderr
    pairs, report = table(tmp_path / "pairs.csv"), json.loads((tmp_path / "report.json").read_text())
    assert list(pairs[0]) == ["mentor_id", "mentee_id", "score", "reason"]
    assert [(each["mentor_id"], each["mentee_id"]) for each in pairs] == [("j1", "s1"), ("j2", "s2")]
    assert "Short-form video" in pairs[0]["reason"]
    assert pairs[1]["reason"].startswith("'=Bo")
    assert list(report) == ["objective", "certificate", "pairs", "unmatched", "seconds", "peak_mb"]
    assert set(report["objective"]) == {"mentees_unmatched", "mentors_unmatched", "below_line", "total_phi"}
    assert (report["objective"]["mentees_unmatched"], report["objective"]["mentors_unmatched"]) == (1, 0)
    assert report["certificate"] == {"optimal": True, "gap": 0}
    assert [(each["id"], each["role"]) for each in report["unmatched"]] == [("s3", "mentee")]
    assert report["unmatched"][0]["reason"]
    assert 0 < report["seconds"] < 60
    assert 20 < report["peak_mb"] < 2000
    for pair, row in zip(report["pairs"], pairs, strict=True):
        assert list(pair) == ["mentor_id", "mentee_id", "score", "parts"]
        assert (pair["mentor_id"], pair["mentee_id"], str(pair["score"])) == (
            row["mentor_id"],
            row["mentee_id"],
            row["score"],
        )
        assert [list(part) for part in pair["parts"]] == [["name", "score", "sentence"]] * 7
        assert sum(part["score"] for part in pair["parts"]) == pair["score"]
    scores = table(tmp_path / "scores.csv")
    assert list(scores[0]) == ["mentor_id", "mentee_id", "score"]
    allowed = [("j1", "s1"), ("j1", "s3"), ("j2", "s1"), ("j2", "s2"), ("j2", "s3")]
    assert [(each["mentor_id"], each["mentee_id"]) for each in scores] == allowed


@pytest.fixture(scope="module")
def company() -> str:
    return many("--mentors", "500", "--mentees", "500", "--seed", "1")


def test_five_hundred_a_side_are_matched_with_a_proof_the_same_in_any_order(
    tmp_path: Path, company: str
) -> None:
    people(tmp_path, company)
    assert match(tmp_path, "people.csv", *OUT, "--scores", "scores.csv").returncode == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["certificate"] == {"optimal": True, "gap": 0}
    pairs, scores = table(tmp_path / "pairs.csv"), table(tmp_path / "scores.csv")
    known = {(each["mentor_id"], each["mentee_id"]): each["score"] for each in scores}
    assert {(each["mentor_id"], each["mentee_id"]): each["score"] for each in pairs}.items() <= known.items()
    assert len(known) == len(scores) > 50_000
    phi = sum(int(each["score"]) + min(int(each["score"]), 5000) for each in pairs)
    assert phi == report["objective"]["total_phi"]
    first = (tmp_path / "pairs.csv").read_bytes()
    header, *rows = company.splitlines()
    people(tmp_path, "\n".join([header, *random.Random(5).sample(rows, len(rows))]))
    assert match(tmp_path, "people.csv", *OUT).returncode == 0
    assert (tmp_path / "pairs.csv").read_bytes() == first


@pytest.mark.everything
def test_the_generator_writes_the_same_file_for_the_same_numbers() -> None:
    one, again, tight = (many("--mentors", "30", "--mentees", "20", *more) for more in ((), (), ("--tight",)))
    assert one == again != tight
    rows = list(csv.DictReader(tight.splitlines()))
    assert [each["role"] for each in rows] == ["mentor"] * 30 + ["mentee"] * 20
    assert {each["manager_id"] for each in rows} <= {"", *(each["id"] for each in rows)}


def test_rules_change_what_is_found(tmp_path: Path) -> None:
    people(tmp_path)
    rules: dict[str, Any] = {"min_grade_gap": 4, "line": "auto"}
    (tmp_path / "rules.json").write_text(json.dumps(rules))
    done = match(tmp_path, "people.csv", "--rules", "rules.json", *OUT)
    assert (done.returncode, len(table(tmp_path / "pairs.csv"))) == (0, 2), done.stderr
    assert "The line that can be kept is " in done.stderr
    assert [(each["mentor_id"], each["mentee_id"]) for each in table(tmp_path / "pairs.csv")] == [
        ("j1", "s3"),
        ("j2", "s1"),
    ]
    (tmp_path / "rules.json").write_text('{"weights": {"interests": 100}}')
    done = match(tmp_path, "people.csv", "--rules", "rules.json", *OUT)
    assert (done.returncode, done.stderr.partition(".")[0]) == (1, "rules")
    assert "The weights lack style, time" in done.stderr


def test_nothing_is_written_while_a_row_is_bad_and_each_is_named(tmp_path: Path) -> None:
    people(tmp_path, BAD)
    (tmp_path / "pairs.csv").write_text("as it was")
    done = match(tmp_path, "people.csv", *OUT)
    assert (done.returncode, done.stdout) == (1, "")
    first, second, third, last = done.stderr.splitlines()
    assert [first, second, third.partition(". ")[0], last] == [
        "people.csv: 2 rows are bad, so nobody was matched.",
        (
            "  line 2, grade: “x” is no whole number. Write a whole number from -1000 to 1000, or leave it"
            " empty."
        ),
        "  line 5, role: “boss” is no role",
        "Mend what is named, or leave bad rows out with --skip-bad.",
    ]
    assert (made(tmp_path), (tmp_path / "pairs.csv").read_text()) == (["pairs.csv"], "as it was")


def test_many_bad_rows_are_counted_when_enough_are_named(tmp_path: Path) -> None:
    people(tmp_path, "id,role\n" + "".join(f"{number},boss\n" for number in range(140)))
    done = match(tmp_path, "people.csv", *OUT)
    assert len(done.stderr.splitlines()) == 23
    assert "  … and 120 more." in done.stderr.splitlines()


def test_bad_rows_are_skipped_and_named_where_that_is_asked_for(tmp_path: Path) -> None:
    people(tmp_path, BAD)
    done = match(tmp_path, "people.csv", *OUT, "--skip-bad")
    assert done.returncode == 0, done.stderr
    assert [(each["mentor_id"], each["mentee_id"]) for each in table(tmp_path / "pairs.csv")] == [("3", "2")]
    assert done.stderr.startswith("people.csv: 2 rows are skipped.\n  line 2, grade: ")
    assert "\nLeft out: 1, 4.\n" in done.stderr
    people(tmp_path, "id,role\n1,boss\n")
    none = match(tmp_path, "people.csv", *OUT, "--skip-bad")
    assert (none.returncode, none.stderr.splitlines()[-1]) == (1, "people.csv: nobody is left to be matched.")


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("people.csv",), 2, "Missing option '--out'"),
        (("people.csv", "--out", "pairs.csv"), 2, "Missing option '--report'"),
        (OUT, 2, "Missing argument 'FILE.csv'"),
        (("people.csv", *OUT, "--fast"), 2, "No such option '--fast'"),
        (("other.csv", *OUT), 1, "other.csv cannot be read: no such file or directory."),
        ((".", *OUT), 1, ". cannot be read: is a directory."),
        (
            ("people.csv", *OUT, "--rules", "rules.json"),
            1,
            "rules.json cannot be read: no such file or directory.",
        ),
        (("people.csv", *OUT, "--scores", "none/scores.csv"), 1, "--scores: there is no folder "),
        (("people.csv", "--out", ".", "--report", "r"), 1, "is a folder. Name a file in it."),
        (
            ("people.csv", "--out", "./people.csv", "--report", "r"),
            1,
            "--out and FILE are both ./people.csv. Name different files.",
        ),
        (
            ("people.csv", "--out", "-", "--report", "-"),
            1,
            "--report and --out are both -. Name different files.",
        ),
        (("/dev/zero", *OUT), 1, "/dev/zero is larger than 256 MB"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing_behind(
    tmp_path: Path, arguments: tuple[str, ...], code: int, reason: str
) -> None:
    before = people(tmp_path).read_bytes()
    done = match(tmp_path, *arguments)
    assert (done.returncode, "Traceback" in done.stderr, made(tmp_path)) == (code, False, [])
    assert reason in done.stderr
    assert (tmp_path / "people.csv").read_bytes() == before


def test_standard_input_and_output_will_do_and_a_reader_may_leave(tmp_path: Path, company: str) -> None:
    done = match(tmp_path, "-", "--out", "-", "--report", "/dev/null", given=SMALL)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "mentor_id,mentee_id,score,reason")
    assert [line[:6] for line in done.stdout.splitlines()[1:]] == ["j1,s1,", "j2,s2,"]
    people(tmp_path, company)
    command = [str(PORTAL), "match", "people.csv", "--out", "p", "--report", "r", "--scores", "-"]
    with subprocess.Popen(
        command, cwd=tmp_path, env={}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"mentor_id,mentee_id,score\n"
        process.stdout.close()
        said = process.stderr.read().decode()
    assert ("Broken" in said, "Traceback" in said, process.returncode, made(tmp_path)) == (
        False,
        False,
        0,
        ["p", "r"],
    )


def test_a_link_stays_a_link_and_its_file_is_written(tmp_path: Path) -> None:
    people(tmp_path)
    (tmp_path / "latest.csv").symlink_to("pairs.csv")
    assert match(tmp_path, "people.csv", "--out", "latest.csv", "--report", "report.json").returncode == 0
    assert (tmp_path / "latest.csv").is_symlink()
    assert len(table(tmp_path / "pairs.csv")) == 2


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    people(tmp_path)
    (tmp_path / "pairs.csv").write_text("as it was")
    done = match(tmp_path, "people.csv", "--out", "pairs.csv", "--report", "/dev/full")
    assert (done.returncode, (tmp_path / "pairs.csv").read_text(), made(tmp_path)) == (
        1,
        "as it was",
        ["pairs.csv"],
    )
    assert "cannot be written: no space left on device." in done.stderr


def test_progress_is_shown_on_a_terminal_and_nowhere_else(tmp_path: Path) -> None:
    people(tmp_path)
    quiet = match(tmp_path, "people.csv", *OUT)
    assert "\r" not in quiet.stderr
    assert "Finding the best pairs" not in quiet.stderr
    ours, theirs = pty.openpty()
    command = [str(PORTAL), "match", "people.csv", *OUT]
    done = subprocess.run(command, cwd=tmp_path, env={}, stderr=theirs, timeout=120, check=False)
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert done.returncode == 0
    for phase in ("Comparing everybody with everybody", "Finding the best pairs", "Writing down the reasons"):
        assert phase in shown
    assert "100%" in shown
    assert shown.rstrip().endswith("Proven: no other pairs are better.")


def test_it_is_in_the_help_and_has_help_of_its_own(tmp_path: Path) -> None:
    assert "--skip-bad" in match(tmp_path, "--help").stdout
