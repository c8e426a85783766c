"""People whom a cell of a People file names otherwise than by their id: by name or e-mail address.

A name that stood for nobody would let a pair come about that somebody ruled out. So each stands for one
person in the file, or its row is bad.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parseaddr

from portal.core.matching.files.people_cells import Unreadable, nearest, quoted

SEPARATE = "Separate ids with semicolons."
MOST_LINES = 5
"""Lines that a message names of those who share a name."""


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody as the rest of the file may name them."""

    line: int
    id: str
    name: str
    email: str


@dataclass
class Directory:
    """The people of a file by all they are called."""

    people: Sequence[Named]
    hints: int = 40
    """Unknown names for which a near one is looked up."""
    _by_name: dict[str, list[Named]] = field(init=False)

    def __post_init__(self) -> None:
        self._by_name = {}
        for person in self.people:
            for name in dict.fromkeys(_plain(text) for text in (person.id, person.name, person.email)):
                if name:
                    self._by_name.setdefault(name, []).append(person)

    def ids(self, text: str, ids: Mapping[str, object]) -> Iterator[str]:
        """The ids of those whom `text` names: one person, or several with commas between. Raises Unreadable
        for a name that several have, or nobody.
        """
        if text in ids:
            yield text
            return
        people = self._called(text)
        pieces = [piece for part in text.split(",") if (piece := part.strip())]
        if not people and len(pieces) > 1 and any(piece in ids or self._called(piece) for piece in pieces):
            for piece in pieces:
                if piece not in ids and not self._called(piece):
                    raise Unreadable(f"{quoted(piece)} is nobody in this file.", SEPARATE)
                yield from self.ids(piece, ids)
            return
        if len(people) > 1:
            lines = ", ".join(str(person.line) for person in people[:MOST_LINES])
            more = ", …" if len(people) > MOST_LINES else ""
            raise Unreadable(
                f"{quoted(text)} is the name of {len(people)} people, on lines {lines}{more}.",
                "Write the id of the one who is meant.",
            )
        if not people:
            raise Unreadable(f"{quoted(text)} is nobody in this file.", self._near(text))
        yield people[0].id

    def _called(self, text: str) -> list[Named]:
        people = self._by_name.get(_plain(text))
        if not people and "<" in text:  # "Ada Lindqvist <ada@example.com>", as mail programs write it
            people = self._by_name.get(_plain(parseaddr(text)[1]))
        if not people and text.count(",") == 1:  # "Lindqvist, Ada", as directories write it
            last, _, first = text.partition(",")
            people = self._by_name.get(_plain(f"{first} {last}"))
        return people or []

    def _near(self, text: str) -> str:
        """The nearest name. Ids and addresses of different people often differ by one letter."""
        self.hints -= 1
        names = {_plain(person.name): person.name for person in self.people if person.name != person.id}
        near = nearest(_plain(text), names, 0.85) if self.hints >= 0 else None
        return f"Did you mean {quoted(names[near])}?" if near else ""


def _plain(text: str) -> str:
    """A name as it is compared: without regard to capital letters and the width of spaces."""
    return " ".join(text.casefold().split())
