"""Compare two calendar texts line by line (RFC 5545, 3.1 and 3.6), without parsing any value.

Servers return what was written with its lines in another order and folded elsewhere; neither has a meaning.
So a text with the same lines in the same components as one of ours need not be expanded to know what it says.
"""

from typing import NamedTuple

RULE = b"RRULE:"
DEEPEST = 4
"""Levels of components: a calendar, an event or time zone in it, and a part of that."""


class Part(NamedTuple):
    """A component: its name, and its lines and its own components, both sorted."""

    name: bytes
    lines: tuple[bytes, ...]
    parts: tuple["Part", ...]


def same(one: bytes, other: bytes) -> bool:
    """Whether two calendar texts hold the same lines in the same components; False if either is malformed."""
    try:
        return one == other or parse(one) == parse(other)
    except ValueError:
        return False


def parse(text: bytes) -> Part:
    """The components of a calendar text with their unfolded lines. Raises ValueError unless each component
    that begins also ends.
    """
    unfolded = text.replace(b"\r\n", b"\n").replace(b"\n ", b"").replace(b"\n\t", b"")
    stack: list[tuple[bytes, list[bytes], list[Part]]] = [(b"", [], [])]
    for line in unfolded.split(b"\n"):
        if line.startswith(b"BEGIN:"):
            stack.append((line[6:], [], []))
            if len(stack) > DEEPEST:
                raise ValueError("too deep")
        elif line.startswith(b"END:"):
            name, lines, parts = stack.pop()
            if name != line[4:] or not stack:
                raise ValueError("ends before it begins")
            stack[-1][2].append(Part(name, tuple(sorted(lines)), tuple(sorted(parts))))
        elif line:
            stack[-1][1].append(_sorted_rule(line) if line.startswith(RULE) else line)
    [(_, outside, [calendar])] = stack
    if outside:
        raise ValueError("lines outside")
    return calendar


def _sorted_rule(line: bytes) -> bytes:
    """A recurrence rule with its parts sorted; their order has no meaning (RFC 5545, 3.3.10)."""
    return RULE + b";".join(sorted(line[len(RULE) :].split(b";")))
