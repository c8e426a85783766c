"""What a list was asked for, read from the address: filters, order and page; and one page of a list."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Generic, Self, TypeVar

from portal.web.numbers import id_in, page_in

LONGEST_FILTER = 120
Item = TypeVar("Item")


@dataclass(frozen=True)
class ListQuery:
    """What a list was asked for. A subclass has a field for each filter, and
    `sort` and `page` where it needs them.

    The default is what counts when an address says nothing, or a value that is not in `choices` (by field) or
    `sorts`. A field whose default is a number is an id.
    """

    sorts: ClassVar[Mapping[str, Any]] = {}
    choices: ClassVar[Mapping[str, Collection[str]]] = {}

    @classmethod
    def of(cls, args: Mapping[str, str]) -> Self:
        """Read a query string."""
        return cls(
            **{
                field.name: cls._read(field.name, field.default, args.get(field.name))
                for field in fields(cls)
            }
        )

    @classmethod
    def _read(cls, name: str, usual: Any, text: str | None) -> Any:
        if text is None:
            return usual
        if name == "page":
            return page_in(text)
        if isinstance(usual, int):
            return id_in(text)
        if name == "sort":
            return text if text.removeprefix("-") in cls.sorts else usual
        text = text.strip()[:LONGEST_FILTER]
        return text if text in cls.choices.get(name, (text,)) else usual

    def args(self) -> dict[str, Any]:
        """The same as a query string, without what is usual."""
        usual = asdict(type(self)())
        return {name: value for name, value in asdict(self).items() if value != usual[name]}

    def order(self) -> Any:
        """What to order by: the column of `sorts` that `sort` names, downwards when it begins with "-"."""
        sort = str(getattr(self, "sort"))  # noqa: B009  # not every list is sorted, so it is no field of this class
        column = self.sorts[sort.removeprefix("-")]
        return column.desc() if sort.startswith("-") else column.asc()


@dataclass(frozen=True)
class Rows(Generic[Item]):
    """One page of a table, as the pager wants it."""

    items: list[Item]
    page: int
    pages: int
    total: int
    per_page: int

    @staticmethod
    def cut(items: Sequence[Item], *, page: int, per_page: int) -> "Rows[Item]":
        """Page `page` of a list that is there already; the last one when there are not so many."""
        pages = max(1, -(-len(items) // per_page))
        page = min(page, pages)
        return Rows(list(items[(page - 1) * per_page : page * per_page]), page, pages, len(items), per_page)

    @property
    def first(self) -> int:
        """The number of the first row on this page; 0 when there is none."""
        return (self.page - 1) * self.per_page + 1 if self.total else 0

    @property
    def last(self) -> int:
        """The number of the last row on this page."""
        return min(self.page * self.per_page, self.total)

    @property
    def has_prev(self) -> bool:
        """Whether a page comes before."""
        return self.page > 1

    @property
    def has_next(self) -> bool:
        """Whether a page follows."""
        return self.page < self.pages
