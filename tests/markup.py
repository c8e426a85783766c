"""A small tree of an HTML page, enough to ask it questions. Standard library only."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)
IMPLIED_ENDS = {"p", "li", "option", "tr", "td", "th", "thead", "tbody", "dt", "dd"}


class Element:
    """One element: its tag, its attributes and what is in it."""

    def __init__(self, tag: str, attributes: dict[str, str], parent: Element | None) -> None:
        self.tag = tag
        self.attributes = attributes
        self.parent = parent
        self.children: list[Element | str] = []

    def __getitem__(self, name: str) -> str:
        return self.attributes.get(name, "")

    def __contains__(self, name: str) -> bool:
        return name in self.attributes

    def __repr__(self) -> str:
        said = "".join(f' {name}="{value}"' for name, value in self.attributes.items())
        return f"<{self.tag}{said}>{self.text[:60]}"

    @property
    def elements(self) -> list[Element]:
        """The elements directly in this one."""
        return [each for each in self.children if isinstance(each, Element)]

    @property
    def text(self) -> str:
        """All text in it, with single spaces."""
        return " ".join(" ".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        for each in self.children:
            if isinstance(each, str):
                yield each
            else:
                yield from each._texts()

    def walk(self) -> Iterator[Element]:
        """This element and all in it, in order."""
        yield self
        for each in self.elements:
            yield from each.walk()

    def all(self, *tags: str, **attributes: str) -> list[Element]:
        """Elements in this one with one of `tags` (any when none is given) and these attributes (`_` reads as
        `-`).
        """
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            each
            for each in self.walk()
            if (not tags or each.tag in tags)
            and all(name in each and each[name] == value for name, value in wanted.items())
        ]

    def one(self, *tags: str, **attributes: str) -> Element:
        """The only such element; an AssertionError otherwise."""
        found = self.all(*tags, **attributes)
        assert len(found) == 1, f"wanted one of {tags} with {attributes}, found {found}"
        return found[0]

    def above(self, *tags: str) -> Element | None:
        """The nearest element around this one with one of `tags`."""
        each = self.parent
        while each is not None and each.tag not in tags:
            each = each.parent
        return each

    def has_class(self, name: str) -> bool:
        """Whether `name` is among the classes."""
        return name in self["class"].split()


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.at = Element("", {}, None)
        self.unclosed: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        new = Element(tag, {name: value or "" for name, value in attrs}, self.at)
        self.at.children.append(new)
        if tag not in VOID:
            self.at = new

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.at.children.append(Element(tag, {name: value or "" for name, value in attrs}, self.at))

    def handle_endtag(self, tag: str) -> None:
        each: Element | None = self.at
        while each is not None and each.tag != tag:
            each = each.parent
        if each is None or each.parent is None:
            self.unclosed.append(f"</{tag}> closes nothing")
            return
        inner = self.at
        while inner is not each:
            if inner.tag not in IMPLIED_ENDS:
                self.unclosed.append(f"<{inner.tag}> is not closed before </{tag}>")
            inner = inner.parent or each
        self.at = each.parent

    def handle_data(self, data: str) -> None:
        self.at.children.append(data)


def parse(html: str) -> tuple[Element, list[str]]:
    """The tree of `html` under a root without a tag, and what is wrong with its nesting."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    while builder.at.parent is not None:
        if builder.at.tag not in IMPLIED_ENDS:
            builder.unclosed.append(f"<{builder.at.tag}> is never closed")
        builder.at = builder.at.parent
    return builder.root, builder.unclosed
