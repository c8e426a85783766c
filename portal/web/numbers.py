"""Whole numbers out of a request: ids, versions and page numbers that a browser sent as text.

`int()` alone would take "٣", " 3 ", "1_000" and thousands of digits; here only ASCII digits count, and no
more of them than the database holds. Nothing raises: what is no number gives the value that no row has.
"""

ID_DIGITS, VERSION_DIGITS, PAGE_DIGITS = 18, 9, 6


def whole_number(text: str | None, *, digits: int = VERSION_DIGITS) -> int | None:
    """A number of at most so many digits; None for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= digits else None


def id_in(text: str | None) -> int:
    """A row's id; 0, which no row has, for anything odd."""
    return whole_number(text, digits=ID_DIGITS) or 0


def version_in(text: str | None) -> int:
    """A row's version; 0, which no row has, for anything odd."""
    return whole_number(text) or 0


def page_in(text: str | None) -> int:
    """A page of a list, from 1; the first for anything odd."""
    return whole_number(text, digits=PAGE_DIGITS) or 1
