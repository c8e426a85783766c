"""From what people type to the topic they mean.

People write "reels", "pronouns?" or "tik tok videos"; the engine sees topic ids only. `suggest` answers while
they type and they confirm; `recognise` answers only when there is nothing to confirm. What counts, best
first: the whole name, the beginning of a name, whole words of a name, then similar spelling (Dice's
coefficient over the trigrams of padded words, each trigram weighed by how few topics have it, so that
"strategy" says more than "work").
"""

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from portal.core.matching.topics.catalogue import AREAS as AREAS  # areas are part of what a topic is
from portal.core.matching.topics.catalogue import ROWS

# Longer input is cut before it is looked at: no name is longer, and normalising long runs of accents takes
# quadratic time.
LONGEST = 1000
READ = 160  # characters of normalised text that are compared
LONGEST_NAME = 8  # words of a name that are looked for inside a longer text
LEAST = 0.28  # a lower score is not worth showing

# Scores of the ways to match, at their least and what is added as the match covers more of the longer text.
PREFIX, PREFIX_MORE = 0.80, 0.15
WORDS, WORDS_MORE = 0.60, 0.30
SPELLING = 0.85

LETTERS = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "ı": "i",
        "&": " and ",
        "'": "",
        "’": "",
    }
)

# Words that say nothing about the subject, normalised: English, then German.
FILLER_WORDS = """
    a about am an and are as at be better colleague colleagues for from good help how i improve in is it know learn
    learning like make making me more my of on or our skills some stuff that the their things this to topics
    understand understanding us use using want we what with work working you your
    aber als auf bei besser das dem den der die ein eine fur im ist kollegen lernen mehr mein mit oder uber um und
    uns verstehen von was wie zu zum zur
    """
FILLERS = frozenset(FILLER_WORDS.split())


@dataclass(frozen=True, slots=True)
class Topic:
    """A subject one can teach or learn. `id` is a lasting slug; `aliases` are other names
    that people type.
    """

    id: str
    area: str
    label: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A topic that may be meant: `score` 0..1, the name that matched, and whether there is nothing to
    confirm.
    """

    topic: Topic
    score: float
    alias: str
    sure: bool


CATALOGUE: tuple[Topic, ...] = tuple(
    Topic(slug, area, label, tuple(name.strip() for name in names.split(";")))
    for area, rows in ROWS.items()
    for slug, label, names in rows
)


def normalise(text: str) -> str:
    """`text` as it is compared: case, accents and compatible forms folded; only letters, digits and single
    spaces.
    """
    for _ in range(2):  # folding case can bring forth forms that NFKD takes apart again
        text = unicodedata.normalize("NFKD", text).casefold().translate(LETTERS)
    kept = (_kept(letter) for letter in unicodedata.normalize("NFKD", text))
    return " ".join("".join(kept).split())


@lru_cache(maxsize=4096)
def _kept(letter: str) -> str:
    """What stays of one character: a letter itself, nothing of an accent or an invisible mark, a space for
    the rest.
    """
    if letter.isalnum():
        return letter
    kind = unicodedata.category(letter)
    if kind in ("Mn", "Me", "Cf"):
        return ""
    return letter if kind == "Mc" else " "


def _trigrams(text: str) -> tuple[str, ...]:
    """The different trigrams of the words of `text`, each word padded with two spaces before and one behind;
    in order.
    """
    found: dict[str, None] = {}
    for word in text.split():
        padded = f"  {word} "
        found.update(dict.fromkeys(padded[at : at + 3] for at in range(len(padded) - 2)))
    return tuple(found)


def _content(text: str) -> str:
    """`text` without the words that say nothing about the subject, unless there are no others."""
    return " ".join(word for word in text.split() if word not in FILLERS) or text


@dataclass(frozen=True, slots=True)
class _Name:
    """One way to call a topic: its place among the topics, as written, and as compared."""

    topic: int
    written: str
    plain: str
    weight: float


class Index:
    """Topics made ready for many questions. Build it once; it takes topics that staff added just as those
    that ship.
    """

    def __init__(self, topics: Iterable[Topic] = CATALOGUE) -> None:
        self.topics = tuple(sorted(topics, key=lambda topic: (topic.label, topic.id)))
        if len({topic.id for topic in self.topics}) < len(self.topics):
            raise ValueError("Two topics have the same id.")
        spelled = [
            (at, written, plain)
            for at, topic in enumerate(self.topics)
            for written, plain in _names(topic).items()
        ]
        self._weigh(spelled)
        self._names = [
            _Name(at, written, plain, self._weight(_content(plain))) for at, written, plain in spelled
        ]
        self._exact: dict[str, list[int]] = {}
        self._postings: dict[str, list[int]] = {}
        for number, name in enumerate(self._names):
            self._exact.setdefault(name.plain, []).append(number)
            for trigram in _trigrams(_content(name.plain)):
                self._postings.setdefault(trigram, []).append(number)

    def _weigh(self, spelled: Sequence[tuple[int, str, str]]) -> None:
        """Weigh each trigram by how few topics have it: log(1 + topics / topics that have it)."""
        having: dict[str, set[int]] = {}
        for at, _, plain in spelled:
            for trigram in _trigrams(plain):
                having.setdefault(trigram, set()).add(at)
        count = max(len(self.topics), 1)
        self._weights = {trigram: math.log1p(count / len(topics)) for trigram, topics in having.items()}
        self._unknown = (
            math.log1p(count) / 2
        )  # a trigram of no topic is as likely a slip as a word we do not know

    def _weight(self, text: str) -> float:
        return math.fsum(self._weights.get(trigram, self._unknown) for trigram in _trigrams(text))

    def named(self, plain: str) -> Topic | None:
        """The one topic with exactly this normalised name. A name of two topics is no answer."""
        found = {self._names[number].topic for number in self._exact.get(plain, ())}
        return self.topics[found.pop()] if len(found) == 1 else None

    def best_names(self, plain: str) -> dict[int, tuple[float, str]]:
        """For each topic (by place) that normalised text may mean: the best score of its names, and that
        name.
        """
        best: dict[int, tuple[float, str]] = {}
        content = _content(plain)
        for scores in (self._by_name(plain), self._by_words(plain, content), self._by_spelling(content)):
            for number, score in scores:
                name = self._names[number]
                if score >= LEAST and (name.topic not in best or score > best[name.topic][0]):
                    best[name.topic] = (score, name.written)
        return best

    def _by_name(self, plain: str) -> Iterable[tuple[int, float]]:
        """Names that are the text, begin with it, or have a word that begins with it."""
        inner, size = " " + plain, len(plain)
        for number, name in enumerate(self._names):
            if name.plain.startswith(plain):
                same = len(name.plain) == size
                yield number, 1.0 if same else PREFIX + PREFIX_MORE * size / len(name.plain)
            elif inner in name.plain:
                yield number, WORDS + WORDS_MORE * size / len(name.plain)

    def _by_words(self, plain: str, content: str) -> Iterable[tuple[int, float]]:
        """Names that stand in the text as whole words, by how much of the text they account for."""
        words, whole = plain.split(), self._weight(content)
        for start in range(len(words)):
            for end in range(start + 1, min(start + LONGEST_NAME, len(words)) + 1):
                for number in self._exact.get(" ".join(words[start:end]), ()):
                    yield number, WORDS + WORDS_MORE * min(1.0, self._names[number].weight / whole)

    def _by_spelling(self, content: str) -> Iterable[tuple[int, float]]:
        """Names spelled like the text: Dice's coefficient over weighed trigrams."""
        shared: dict[int, float] = {}
        whole = 0.0
        for trigram in _trigrams(content):
            weight = self._weights.get(trigram, self._unknown)
            whole += weight
            for number in self._postings.get(trigram, ()):
                shared[number] = shared.get(number, 0.0) + weight
        for number, weight in shared.items():
            yield number, SPELLING * 2 * weight / (whole + self._names[number].weight)


def _names(topic: Topic) -> dict[str, str]:
    """The names of a topic as written -> as compared; the label first, names that say nothing left out."""
    named: dict[str, str] = {}
    for written in (topic.label, *topic.aliases, topic.id):
        plain = normalise(written[:LONGEST])
        if plain and plain not in named.values():
            named[written] = plain
    return named


@lru_cache(maxsize=8)
def _index_of(topics: tuple[Topic, ...]) -> Index:
    return Index(topics)


def _ready(topics: Index | Iterable[Topic]) -> Index:
    return topics if isinstance(topics, Index) else _index_of(tuple(topics))


def exact_names(topics: Iterable[Topic]) -> dict[str, Topic]:
    """Each normalised name that belongs to one topic alone, for whoever asks for many texts."""
    owners: dict[str, set[Topic]] = {}
    for topic in topics:
        for plain in _names(topic).values():
            owners.setdefault(plain, set()).add(topic)
    return {plain: next(iter(topics)) for plain, topics in owners.items() if len(topics) == 1}


def suggest(text: str, topics: Index | Iterable[Topic] = CATALOGUE, limit: int = 6) -> tuple[Suggestion, ...]:
    """The topics that `text`, perhaps half typed, may mean: best first, then by label; at most `limit`.

    Give an `Index` where topics come from the database. Nothing is suggested for text without a letter or
    digit.
    """
    index = _ready(topics)
    plain = normalise(text[:LONGEST])[:READ].strip()
    if not plain or limit < 1:
        return ()
    sure = recognise(text, index)
    found = [
        Suggestion(index.topics[at], round(score, 4), alias, index.topics[at] == sure)
        for at, (score, alias) in index.best_names(plain).items()
    ]
    found.sort(key=lambda one: (-one.score, one.topic.label, one.topic.id))
    return tuple(found[:limit])


def recognise(text: str, topics: Index | Iterable[Topic] = CATALOGUE) -> Topic | None:
    """The topic whose id, label or alias `text` is, but for case, accents and punctuation; None unless there
    is just one.
    """
    if len(text) > LONGEST:
        return None
    return _ready(topics).named(normalise(text))
