"""Files that a command reads and writes, named on the command line: `-` is standard input or output.

What is written stands beside its place until all of it is whole, and is then put there at once; so a failure
leaves what was there before. Devices and pipes are written as they are.
"""

import contextlib
import os
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from stat import S_ISREG
from typing import TextIO

from portal.errors import Invalid

MOST_BYTES = 256 * 2**20
STANDARD = "-"

Write = Callable[[TextIO], None]


def read(name: str) -> bytes:
    """What a file holds; raises Invalid for one that cannot be read, or is larger than any list of people."""
    try:
        with contextlib.nullcontext(sys.stdin.buffer) if name == STANDARD else Path(name).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # a ValueError for a name with a NUL
        raise Invalid(f"{name} cannot be read: {_reason(error)}.") from error
    if len(data) > MOST_BYTES:
        raise Invalid(f"{name} is larger than {MOST_BYTES // 2**20} MB, which no list of people is.")
    return data


def check_places(written: Mapping[str, str], reading: Mapping[str, str]) -> None:
    """Raise Invalid unless each of `written` (option -> name) can be written, and is neither read nor another
    of them.
    """
    seen = {_place(name): option for option, name in reading.items() if name != STANDARD}
    for option, name in written.items():
        place = _place(name)
        if place in seen and (name == STANDARD or not _is_stream(place)):
            raise Invalid(f"{option} and {seen[place]} are both {name}. Name different files.")
        seen[place] = option
        if name != STANDARD:
            _check_place(option, Path(place))


def _place(name: str) -> str:
    return name if name == STANDARD else os.path.realpath(name)


def _check_place(option: str, place: Path) -> None:
    if "\0" in str(place) or not place.parent.is_dir():
        raise Invalid(f"{option}: there is no folder {place.parent}. Make it, or name another file.")
    if place.is_dir():
        raise Invalid(f"{option}: {place} is a folder. Name a file in it.")
    if not os.access(place if place.exists() and _is_stream(place) else place.parent, os.W_OK):
        raise Invalid(f"{option}: nothing may be written to {place}. Name another file.")


def _is_stream(place: str | Path) -> bool:
    """Whether something is there that cannot be replaced by a file: a device or a pipe."""
    try:
        return not S_ISREG(Path(place).stat().st_mode)
    except OSError:
        return False


def write_all(contents: Mapping[str, Write]) -> None:
    """Write files, by their names: all of them, or none. Raises Invalid when one cannot be written."""
    waiting: dict[Path, Path] = {}
    try:
        for name, write in contents.items():
            if name != STANDARD and not _is_stream(name):
                with _beside(Path(_place(name)), waiting) as file:
                    write(file)
        for name, write in contents.items():
            if name == STANDARD:
                _to_standard_output(write)
            elif _is_stream(name):
                with Path(name).open("w", encoding="utf-8", newline="") as file:
                    write(file)
        for place, beside in waiting.items():
            beside.replace(place)
    except OSError as error:
        raise Invalid(
            f"{error.filename or 'The output'} cannot be written: {_reason(error)}. Nothing was kept."
        ) from error
    finally:
        for beside in waiting.values():
            beside.unlink(missing_ok=True)


@contextlib.contextmanager
def _beside(place: Path, waiting: dict[Path, Path]) -> Iterator[TextIO]:
    """A new file beside the place it is for, open for writing."""
    beside = place.with_name(f".{place.name[:100]}.{secrets.token_hex(6)}")
    with beside.open("x", encoding="utf-8", newline="") as file:
        waiting[place] = beside
        yield file
        file.flush()
        os.fsync(file.fileno())


def _to_standard_output(write: Write) -> None:
    """Write to standard output; whoever reads there may stop when they have enough, as `head` does."""
    try:
        out = open(sys.stdout.fileno(), "w", encoding="utf-8", newline="", closefd=False)  # noqa: SIM115  # closed below
        with out:
            write(out)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()
