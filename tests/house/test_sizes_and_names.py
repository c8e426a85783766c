"""Small files, small functions, names that say something, and a reason beside each suppression."""

from __future__ import annotations

import re
import tomllib

from tests.source import HOUSE, Source, functions, sources

LINES_OF_A_FILE = 400
LINES_OF_A_TEST_FILE = 400
LINES_OF_A_FUNCTION = 40
REASON = "# long because "
EMPTY_NAMES = ("utils", "util", "helpers", "helper", "common", "manager", "misc")
TESTS = tuple(Source(path) for path in sorted((HOUSE / "tests").rglob("*.py")))
SUPPRESSION = re.compile(r"#\s*(?:noqa(?::\s*[A-Z0-9, ]+)?|type:\s*ignore(?:\[[a-z0-9, -]+\])?)(?P<rest>.*)$")


def test_no_file_is_long_without_a_reason() -> None:
    long = [
        f"{each.name}: {len(each.text.splitlines())} lines"
        for each in (*sources(), *TESTS)
        if len(each.text.splitlines()) > (LINES_OF_A_TEST_FILE if each in TESTS else LINES_OF_A_FILE)
        and REASON not in each.text
    ]
    assert long == []


def test_no_function_is_long_without_a_reason() -> None:
    long = []
    for source in (*sources(), *TESTS):
        lines = source.text.splitlines()
        for each in functions(source):
            many = (each.end_lineno or 0) - each.lineno + 1
            if many > LINES_OF_A_FUNCTION and REASON not in "\n".join(
                lines[each.lineno - 1 : each.end_lineno]
            ):
                long.append(f"{source.name}:{each.lineno} {each.name}: {many} lines")
    assert long == []


def test_no_file_is_named_for_nothing() -> None:
    named = [each.name for each in (*sources(), *TESTS) if each.path.stem.rpartition("_")[2] in EMPTY_NAMES]
    templates = [
        str(path) for path in (HOUSE / "templates").rglob("*") if path.stem.strip("_") in EMPTY_NAMES
    ]
    assert named + templates == []


def test_every_suppression_gives_its_reason() -> None:
    bare = []
    for source in (*sources(), *TESTS):
        for number, line in enumerate(source.text.splitlines(), 1):
            found = SUPPRESSION.search(line)
            if found and "SUPPRESSION" not in line and len(found["rest"].strip(" #-")) < 5:
                bare.append(f"{source.name}:{number}")
    assert bare == []


def test_a_test_is_named_by_a_sentence() -> None:
    short = [
        f"{source.name}:{each.lineno} {each.name}"
        for source in TESTS
        for each in functions(source)
        if each.name.startswith("test_") and each.name.count("_") < 3
    ]
    assert short == []


def test_no_line_of_a_template_is_longer_than_one_of_code() -> None:
    longest = tomllib.loads((HOUSE / "pyproject.toml").read_text())["tool"]["ruff"]["line-length"]
    long = [
        f"{path.relative_to(HOUSE)}:{number}"
        for path in sorted((HOUSE / "templates").rglob("*.*"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > longest
    ]
    assert long == []
