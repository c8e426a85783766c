"""The table in a People file: its header, and its rows with the lines on which an editor shows them.

Commas, semicolons and tabs are understood between the cells: programs write all three under the name of CSV.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from portal.core.matching.files.column_names import column_meant
from portal.core.matching.files.people_cells import quoted
from portal.errors import Invalid

COLUMNS = (
    *(
        "id",
        "name",
        "email",
        "grade",
        "manager_id",
        "department",
        "site",
        "time_zone",
        "hours",
        "languages",
        "role",
    ),
    *("capacity", "teaches", "learns", "style", "avoid", "past_partners", "locked_with"),
)
NEEDED = ("id", "role")
DELIMITERS = ",;\t"
MOST_ROWS = 200_000
START = "\ufeff"
"""The mark with which some programs begin UTF-8."""


class FileError(Invalid):
    """A file that cannot be read at all, or must not be: the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """What is wrong with a row: its line in the file, from 1, its column ("" for the row as a whole), why,
    what to do.
    """

    line: int
    column: str
    reason: str
    way: str

    def __str__(self) -> str:
        return f"line {self.line}{', ' + self.column if self.column else ''}: {self.reason} {self.way}"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line it begins on, and its cells by column; or what is wrong with it."""

    line: int
    cells: Mapping[str, str]
    bad: BadRow | None = None


def decoded(data: bytes) -> str:
    """The text of a file in UTF-8; raises FileError for any other."""
    for start, name in OTHER_FORMATS.items():
        if data.startswith(start):
            raise FileError(f"This is {_workbook(data) or name}, whatever its name says, not text. {SAVE}")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:200]:
        raise FileError(f"This is UTF-16, not UTF-8. {SAVE}")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileError(f"Line {line} is not UTF-8 (byte {data[error.start]:#04x}). {SAVE}") from error


def _workbook(data: bytes) -> str:
    """What kind of workbook a ZIP archive is; "" for anything else. Only the names in it are looked at."""
    for inside, name in WORKBOOKS.items():
        if inside in data:
            return name
    return ""


def rows(text: str) -> tuple[tuple[str, ...], Iterator[Row]]:
    """The columns in the file's order, and its rows; raises FileError for a file without a header that can be
    used.
    """
    lines = io.StringIO(text.removeprefix(START), newline="")
    header, before = _first(lines)
    delimiter = max(DELIMITERS, key=lambda each: _fit(_cells(header, each)))
    columns = [_plain(name) for name in _cells(header, delimiter)]
    while columns and not columns[-1]:
        columns.pop()
    _check_columns(columns, _cells(header, delimiter))
    return tuple(columns), _rows(lines, delimiter, columns, before)


def _first(lines: Iterator[str]) -> tuple[str, int]:
    """The header and the number of its line: the first that is not empty, nor Excel's word on what parts the
    cells.
    """
    for number, line in enumerate(lines, 1):
        if line.strip(" \t\r\n,;") and not line.casefold().startswith("sep="):
            return line, number
    raise FileError(f"The file is empty. Its first row names the columns: {', '.join(COLUMNS)}.")


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def _fit(cells: list[str]) -> tuple[int, int]:
    """How well a header is parted: by the columns that are known, then by the number of its cells."""
    return len({_plain(name) for name in cells} & set(COLUMNS)), len(cells)


def _plain(name: str) -> str:
    """A column's name but for case, spaces and hyphens: "Manager ID" is manager_id."""
    return "_".join(name.casefold().replace("-", " ").split()) if len(name) < 100 else name


def _check_columns(columns: list[str], written: list[str]) -> None:
    extra = {written[at]: column for at, column in enumerate(columns) if column not in COLUMNS}
    meant = _meant(extra, columns)
    all_columns = f"The columns are: {', '.join(COLUMNS)}."
    if len(extra) == len(columns) and not any(meant.values()):
        raise FileError(f"The first row names none of the columns there are: {', '.join(COLUMNS)}.")
    for at, column in enumerate(columns):
        if column in columns[:at]:
            raise FileError(f"The column {quoted(written[at])} is there twice. Take one of them away.")
    if len(extra) == 1:
        [(name, near)] = meant.items()
        way = f"Did you mean {near}? Else take it away." if near else "Take it away."
        raise FileError(f"There is no column {quoted(name)}. {way} {all_columns}")
    if extra:
        names = [quoted(name) + (f" (did you mean {near}?)" if near else "") for name, near in meant.items()]
        told = f"{', '.join(names[:-1])} and {names[-1]}"
        raise FileError(f"There are no columns {told}. Rename them or take them away. {all_columns}")
    for column in NEEDED:
        if column not in columns:
            raise FileError(f"The column {column} is missing. Each row needs one.")


def _meant(extra: dict[str, str], columns: list[str]) -> dict[str, str | None]:
    """For each name that is no column: the column that is meant, each once."""
    free = [column for column in COLUMNS if column not in columns]
    meant: dict[str, str | None] = {}
    for name, plain in extra.items():
        meant[name] = column_meant(plain, free)
        free = [column for column in free if column != meant[name]]
    return meant


def _rows(lines: Iterator[str], delimiter: str, columns: list[str], before: int) -> Iterator[Row]:
    reader, count, last = csv.reader(lines, delimiter=delimiter, strict=True), 0, before
    while True:
        try:
            cells, wrong = next(reader), ""
        except StopIteration:
            return
        except csv.Error as error:
            cells, wrong = [], str(error)
        begins, last = last + 1, before + reader.line_num
        if wrong and (last > begins or "end of data" in wrong):
            raise FileError(_runs_on(begins, last))
        if not wrong and not any(cell.strip() for cell in cells):
            continue
        count += 1
        if count > MOST_ROWS:
            raise FileError(f"The file has more than {MOST_ROWS:,} people. Match them in parts.")
        yield _row(begins, cells, columns, wrong)


def _row(line: int, cells: list[str], columns: list[str], wrong: str) -> Row:
    if wrong:
        reason, way = UNPARSED.get("limit" if "limit" in wrong else "quote", (wrong, ""))
        return Row(line, {}, BadRow(line, "", reason, way))
    while len(cells) > len(columns) and not cells[-1].strip():
        cells.pop()
    found = dict(zip(columns, cells, strict=False))
    if len(cells) == len(columns):
        return Row(line, found)
    reason = f"it has {len(cells)} cells, but the header has {len(columns)}."
    return Row(line, found if len(cells) < len(columns) else {}, BadRow(line, "", reason, COUNT))


def _runs_on(begins: int, ends: int) -> str:
    on = "" if begins == ends else f": the row would run on to line {ends}"
    way = "Close it, and write quotation marks inside a quoted cell twice."
    return f"A quotation mark on line {begins} has no partner that ends the cell{on}. {way}"


SAVE = "Save it as UTF-8; a spreadsheet calls it “CSV UTF-8”."
OTHER_FORMATS = {
    b"PK\x03\x04": "a ZIP archive",
    b"\xd0\xcf\x11\xe0": "a workbook of older Excel (.xls)",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a gzip archive",
}
WORKBOOKS = {
    b"xl/workbook": "a workbook (.xlsx)",
    b"application/vnd.oasis.opendocument": "a workbook (.ods)",
    b"Index/Document.iwa": "a workbook of Numbers",
}
COUNT = "Put cells that hold a comma or a semicolon between quotation marks, or add what is missing."
UNPARSED = {
    "limit": (f"a cell has more than {csv.field_size_limit():,} characters.", "Shorten it."),
    "quote": (
        "a quotation mark does not end where its cell ends.",
        "Put the whole cell between quotation marks, and write those inside it twice.",
    ),
}
