"""Calendar texts line by line (RFC 5545, 3.1 and 3.6): enough to see that two say the same, without
understanding either.

Servers give back what was written with its lines in another order and folded elsewhere; neither has a
meaning. So when two texts have the same lines in the same components, one need not be read with care to know
what it says.
"""

from typing import NamedTuple

RULE = b"RRULE:"
DEEPEST = 4
"""A calendar, a time zone or an event in it, and what stands in that."""


class Part(NamedTuple):
    """A component: its name, its lines and its components, in an order of their own."""

    name: bytes
    lines: tuple[bytes, ...]
    parts: tuple["Part", ...]


def same(one: bytes, other: bytes) -> bool:
    """Whether two calendar texts hold the same lines in the same components; False for what cannot be taken
    apart.
    """
    try:
        return one == other or taken_apart(one) == taken_apart(other)
    except ValueError:
        return False


def taken_apart(text: bytes) -> Part:
    """The components of a calendar text with their lines, unfolded; raises ValueError unless all that begin
    end.
    """
    plain = text.replace(b"\r\n", b"\n").replace(b"\n ", b"").replace(b"\n\t", b"")
    open_ones: list[tuple[bytes, list[bytes], list[Part]]] = [(b"", [], [])]
    for line in plain.split(b"\n"):
        if line.startswith(b"BEGIN:"):
            open_ones.append((line[6:], [], []))
            if len(open_ones) > DEEPEST:
                raise ValueError("too deep")
        elif line.startswith(b"END:"):
            name, lines, parts = open_ones.pop()
            if name != line[4:] or not open_ones:
                raise ValueError("ends before it begins")
            open_ones[-1][2].append(Part(name, tuple(sorted(lines)), tuple(sorted(parts))))
        elif line:
            open_ones[-1][1].append(_in_order(line) if line.startswith(RULE) else line)
    [(_, outside, [whole])] = open_ones
    if outside:
        raise ValueError("lines outside")
    return whole


def _in_order(rule: bytes) -> bytes:
    """A rule with its parts in alphabetical order, which has no meaning either (RFC 5545, 3.3.10)."""
    return RULE + b";".join(sorted(rule[len(RULE) :].split(b";")))
