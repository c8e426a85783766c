"""How much of a long series a run takes: all with `--everything`, else a sample, always the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import settings

Item = TypeVar("Item")
EXAMPLES = 25
"""How many examples of a property are tried by default; all that a test asks for with `--everything`."""
_everything = False


def choose(*, everything: bool) -> None:
    """Say once, before tests are collected, which it is."""
    global _everything  # pytest's option, needed while modules are collected
    _everything = everything
    # How long an example takes is no fact about the portal.
    settings.register_profile("portal", deadline=None)
    settings.register_profile("sample", deadline=None, max_examples=EXAMPLES)
    settings.load_profile("portal" if everything else "sample")


def everything() -> bool:
    """Whether nothing is to be left out."""
    return _everything


def sample(items: Sequence[Item], most: int) -> Sequence[Item]:
    """At most so many, evenly spread, the first and the last among them; all of them with `--everything`."""
    if _everything or len(items) <= most:
        return items
    if most == 1:
        return items[:1]
    step = (len(items) - 1) / (most - 1)
    return [items[round(number * step)] for number in range(most)]


def examples(most: int) -> int:
    """How many examples of a property to try where a test asks for `most`."""
    return most if _everything else min(most, EXAMPLES)


def said() -> str:
    """One line for the head of a run."""
    if _everything:
        return "everything: both databases, every zone, topic, size and kill point"
    return "a sample: SQLite, PostgreSQL where it can differ, some of long series (make test-all: everything)"
