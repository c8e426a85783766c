"""README and docs/ are true: the commands, files and settings they name are there."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from portal.cli import main as cli
from tests.source import HOUSE, sources

DOCUMENTS = (HOUSE / "README.md", *sorted((HOUSE / "docs").glob("*.md")))
EVERY = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: path.name if path.parent == HOUSE else f"docs/{path.name}"
)
BLOCK = re.compile(r"^```[a-z]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
KNOWN_FOLDERS = ("portal", "templates", "static", "migrations", "tests", "docs", "benchmarks", ".ci")


def quoted(document: Path) -> list[str]:
    """Every piece of a document between backticks on one line."""
    return re.findall(r"`([^`\n]+)`", BLOCK.sub("", document.read_text(encoding="utf-8")))


def commands(document: Path) -> list[str]:
    """Every quoted piece and every line of a block, as somebody would type it."""
    blocks = BLOCK.findall(document.read_text(encoding="utf-8"))
    return [
        *quoted(document),
        *(line.strip().removeprefix("$ ") for block in blocks for line in block.splitlines()),
    ]


def test_the_readme_says_how_to_run_and_to_test() -> None:
    assert {"make run", "make test"} <= {
        command.partition("  ")[0].strip() for command in commands(DOCUMENTS[0])
    }


def test_the_index_of_the_documentation_lists_every_page() -> None:
    index = (HOUSE / "docs" / "README.md").read_text(encoding="utf-8")
    assert [
        path.name for path in DOCUMENTS[1:] if path.name != "README.md" and f"({path.name})" not in index
    ] == []


@EVERY
def test_every_make_target_it_names_is_there(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (HOUSE / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    makes = (re.match(r"make (?:[A-Z_]+=\S+ )*([a-z-]+)", command) for command in commands(document))
    assert {match[1] for match in makes if match} - targets == set()


@EVERY
def test_every_portal_command_it_names_is_there(document: Path) -> None:
    wrong = []
    for line in commands(document):
        words = line.split()
        while words and "=" in words[0]:
            words = words[1:]
        if not words or words[0] not in ("portal", ".venv/bin/portal"):
            continue
        command: click.Command = cli.portal
        for word in words[1:]:
            if not isinstance(command, click.Group) or word.startswith(("-", "<", "[", "#")):
                break
            if word not in command.commands:
                wrong.append(line)
                break
            command = command.commands[word]
    assert wrong == []


@EVERY
def test_every_file_it_names_is_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    links = {link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link}
    path = re.compile(rf"({'|'.join(map(re.escape, KNOWN_FOLDERS))})/[\w./-]*")
    paths = {piece.rstrip("/") for piece in quoted(document) if path.fullmatch(piece)}
    missing = {link for link in links if link and not (document.parent / link).exists()}
    missing |= {name for name in paths if not (HOUSE / name).exists() and "built" not in name}
    assert missing == set()


def test_every_setting_is_explained() -> None:
    settings = (HOUSE / "portal" / "settings.py").read_text(encoding="utf-8")
    asked = set(re.findall(r"""(?:text|environ\.get)\(["']([A-Z_]+)["']""", settings))
    explained = (HOUSE / "docs" / "settings.md").read_text(encoding="utf-8")
    assert {name for name in asked - {"PORTAL_DEMO"} if f"`{name}`" not in explained} == set()


def test_every_class_the_glossary_names_is_there() -> None:
    defined = {
        name for source in sources() for name in re.findall(r"^class (\w+)", source.text, re.MULTILINE)
    }
    named = (
        re.fullmatch(r"([A-Z][a-z]\w+)(?:\.\w+)?", piece) for piece in quoted(HOUSE / "docs" / "glossary.md")
    )
    assert {match[1] for match in named if match} - defined == set()
