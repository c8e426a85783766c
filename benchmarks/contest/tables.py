"""Tables that are printed row by row, aligned for a terminal or as Markdown."""

from dataclasses import dataclass
from textwrap import wrap


@dataclass(frozen=True)
class Column:
    """A column: its head, its least width on a terminal, and on which side its cells stand."""

    head: str
    width: int
    side: str = ">"


class Table:
    """Prints its head at once and each row when it is given; cells at the end may be missing."""

    def __init__(self, columns: tuple[Column, ...], title: str = "", *, markdown: bool = False) -> None:
        self.columns, self.markdown = columns, markdown
        if title:
            print(f"\n{title}")
        print()
        if markdown:
            self.row(*(each.head for each in columns))
            print("|" + "|".join("---:" if each.side == ">" else "---" for each in columns) + "|")
            return
        heads = [wrap(each.head, each.width) for each in columns]
        for line in range(max(map(len, heads))):
            self.row(*(head[line] if line < len(head) else "" for head in heads))

    def row(self, *cells: str) -> None:
        """Print one row."""
        full = [*cells, *[""] * (len(self.columns) - len(cells))]
        if self.markdown:
            print("| " + " | ".join(full) + " |", flush=True)
            return
        aligned = (f"{cell:{each.side}{each.width}}" for cell, each in zip(full, self.columns, strict=True))
        print("  ".join(aligned).rstrip(), flush=True)
