"""Topics near in meaning to what somebody types: for what is offered while they type, never to decide.

A light embedding model of 256 numbers a word (static, from the extra `semantic`) lies in its package: nothing
is fetched, nothing leaves this machine. It is used only with SEMANTIC_TOPICS=1; otherwise offers go by
spelling alone.
"""

import importlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from portal.core.matching.topics.index import WORDS, Suggestion, Topic, normalise
from portal.errors import SettingsError
from portal.settings import current

NEAR = 0.35
"""Cosine from which a topic is near enough to be offered: of phrases that no name was made for, 9 in 10 then
show theirs.
"""
SHORTEST = 4
"""Letters below which a word half typed means nothing yet."""


class Meanings:
    """The names of topics as points, so that a text can be held against all of them at once."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        self.named = [(topic, name) for topic in topics for name in (topic.label, *topic.aliases)]
        self.points = _points([name for _, name in self.named]) if self.named else None

    def near(self, text: str) -> list[Suggestion]:
        """The topics near to `text`, the nearest first, each by its nearest name; none of them sure."""
        if len(normalise(text)) < SHORTEST or not self.named:
            return []
        cosines = self.points @ _points([text])[0]
        best: dict[str, Suggestion] = {}
        for at in (-cosines).argsort(kind="stable"):
            if cosines[at] < NEAR:
                break
            topic, name = self.named[at]
            best.setdefault(topic.id, Suggestion(topic, round(float(cosines[at]), 4), name, sure=False))
        return list(best.values())


def meanings(topics: Sequence[Topic]) -> Meanings | None:
    """Their meanings where the portal is set to ask for them; None otherwise."""
    return Meanings(topics) if current().semantic_topics else None


def joined(spelled: Sequence[Suggestion], meant: Sequence[Suggestion], most: int) -> tuple[Suggestion, ...]:
    """Whose name stands in the text, then what is near in meaning, then what is only spelled alike; each
    topic once.
    """
    named = [each for each in spelled if each.score >= WORDS]
    found: dict[str, Suggestion] = {}
    for each in (*named, *meant, *spelled):
        found.setdefault(each.topic.id, each)
    return tuple(found.values())[:most]


def _points(texts: Sequence[str]) -> Any:
    points: Any = _model().embed(list(texts), norm=True)
    return points


@lru_cache(maxsize=1)
def _model() -> Any:
    """The model, from the files in its own package; raises SettingsError where the extra is not installed."""
    try:
        package: Any = importlib.import_module("wordllama")
    except ImportError:
        raise SettingsError("SEMANTIC_TOPICS needs the extra: pip install '.[semantic]'.") from None
    folder = Path(package.__file__).parent
    return package.WordLlama.load(cache_dir=folder, disable_download=True)
