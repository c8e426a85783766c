"""The source of the portal as syntax trees, and the order its parts stand in, for the tests of the house."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

HOUSE = Path(__file__).resolve().parents[1]

ROOF = ("app", "task_queue", "worker", "cli", "operating", "privacy", "demo")
ROOMS = (
    "front",
    "insights",
    "calendars",
    "stories",
    "feedback",
    "schedule",
    "pairings",
    "training",
    "programmes",
    "people",
)
GROUND = (
    ("letters",),
    ("web",),
    ("audit", "vault", "work"),
    ("db",),
    ("settings", "clock"),
    ("core",),
    ("errors",),
)
"""What every room stands on, the upper first; parts side by side do not import each other."""
FLOORS = (ROOF, *((room,) for room in ROOMS), *GROUND)


@dataclass(frozen=True)
class Source:
    """One module of the portal."""

    path: Path

    @property
    def name(self) -> str:
        """Its path from the house, as people write it: portal/people/accounts/actions.py."""
        return self.path.relative_to(HOUSE).as_posix()

    @property
    def module(self) -> str:
        """portal.people.actions; a package's card is the package."""
        return self.name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def part(self) -> str:
        """The room or part of the house it is in; "" for the package itself."""
        return (*self.module.split("."), "")[1]

    @property
    def box(self) -> str:
        """The inner package it is in, or itself beside those: portal.people.accounts,
        portal.people.models.
        """
        return ".".join(self.module.split(".")[:3])

    @cached_property
    def text(self) -> str:
        """Its text."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse(self.text)

    def imports(self) -> Iterator[tuple[str, int]]:
        """Each module it imports, by its full name, and the line. `from portal.people import table` names the
        table.
        """
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.name}:{node.lineno} imports relatively"
                for alias in node.names:
                    whole = f"{node.module}.{alias.name}"
                    yield (whole if whole in modules() else str(node.module)), node.lineno

    def ours(self) -> Iterator[tuple[Source, int]]:
        """Each module of the portal it imports, and the line."""
        yield from ((modules()[name], line) for name, line in self.imports() if name in modules())


@lru_cache
def sources() -> tuple[Source, ...]:
    """All modules of the portal."""
    return tuple(Source(path) for path in sorted((HOUSE / "portal").rglob("*.py")))


@lru_cache
def modules() -> dict[str, Source]:
    """All modules of the portal by their full name."""
    return {source.module: source for source in sources()}


def floor(part: str) -> int:
    """How high a part of the house stands: 0 is the roof."""
    for height, parts in enumerate(FLOORS):
        if part in parts:
            return height
    raise LookupError(f"{part} has no place in the house: see FLOORS in tests/source.py")


def attributes(source: Source) -> Iterator[tuple[str, str, int]]:
    """Every `left.name` in a module, as (left, name, line)."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node.value), node.attr, node.lineno


def functions(source: Source) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method in a module."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
