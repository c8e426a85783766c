"""The README is true: the commands, files and settings it names are there."""

from __future__ import annotations

import re

import click

from portal.cli import main as cli
from tests.source import HOUSE

README = (HOUSE / "README.md").read_text(encoding="utf-8")
CODE = re.findall(r"^```[a-z]*\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
QUOTED = re.findall(r"`([^`\n]+)`", README)
KNOWN_FOLDERS = ("portal", "templates", "static", "migrations", "tests", "docs", "benchmarks", ".ci")


def said() -> list[str]:
    """Every command line and quoted piece of the README."""
    return [*QUOTED, *(line.strip().removeprefix("$ ") for block in CODE for line in block.splitlines())]


def test_the_readme_says_how_to_run_and_to_test() -> None:
    assert len(README.splitlines()) > 20
    assert {"make run", "make test"} <= {each.partition("  ")[0].strip() for each in said()}


def test_every_make_target_it_names_is_there() -> None:
    targets = set(re.findall(r"^([a-z]+):", (HOUSE / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {found[1] for each in said() if (found := re.match(r"make (?:[A-Z_]+=\S+ )*([a-z]+)", each))}
    assert named - targets == set()


def test_every_portal_command_it_names_is_there() -> None:
    wrong = []
    for each in said():
        words = each.split()
        while words and "=" in words[0]:
            words = words[1:]
        if not words or words[0] not in ("portal", ".venv/bin/portal"):
            continue
        command: click.Command = cli.portal
        for word in words[1:]:
            if not isinstance(command, click.Group) or word.startswith(("-", "<", "[", "#")):
                break
            if word not in command.commands:
                wrong.append(each)
                break
            command = command.commands[word]
    assert wrong == []


def test_every_file_it_names_is_there() -> None:
    links = [each.partition("#")[0] for each in re.findall(r"\]\(([^)\s]+)\)", README) if "://" not in each]
    path = re.compile(rf"({'|'.join(map(re.escape, KNOWN_FOLDERS))})/[\w./-]*")
    paths = [each.rstrip("/") for each in QUOTED if path.fullmatch(each)]
    missing = [
        each for each in {*links, *paths} if each and not (HOUSE / each).exists() and "built" not in each
    ]
    assert missing == []


def test_every_setting_is_explained() -> None:
    asked = set(
        re.findall(
            r"""(?:text|environ\.get)\(["']([A-Z_]+)["']""", (HOUSE / "portal" / "settings.py").read_text()
        )
    )
    assert {each for each in asked - {"PORTAL_DEMO"} if each not in README} == set()
