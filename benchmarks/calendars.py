"""Feeds, pushes and rounds over many accounts, each beside the least that it could cost, in one run.

`make bench` runs it, in some ten minutes; `.venv/bin/python benchmarks/calendars.py --markdown` prints tables
for a README. Everything happens on this machine: the portal on SQLite with made-up people
(`benchmarks/calendaring/company.py`, always the same ones), its own web server and worker as they are run for
real, and real calendar servers, Radicale and Xandikos.

Feeds      of a person with three pairings, each of 24 check-ins and three milestones, beside `/healthz`,
           the plainest route of the same web server. A feed that was never read before is built, packed,
           and its first reading noted.
Push       what the worker does to bring an account in step (look, compare, write down what is intended,
           PUT, read back, write down what came of it), beside bare PUTs of the same texts to the same
           server, one after the other on one connection, and beside the library's own ways. `of bare`
           compares wall time, and target is 80 %; the processor time of both ends together is there
           because it holds when other programs keep the machine busy.
Rounds     a worker glances at accounts in which nothing changed, beside a bare PROPFIND for each, with as
           many at a time.
Texts      entries written as calendar texts, beside icalendar's own writing, in processor time of one
           process.

All ratios are of figures from the same round, and of rounds the median.
"""

import argparse
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from contest import running
from contest.tables import Column, Table

PATIENCE = 1800.0
STAGES = {"first": "A first push", "changed": "A push after a tenth of the entries changed"}
FEEDS = (
    Column("", 24, "<"),
    Column("connections", 11),
    Column("requests/s", 10),
    Column("median ms", 7),
    Column("of /healthz", 11),
    Column("server's CPU ms", 9),
    Column("queries", 7),
    Column("bytes", 7),
)
PUSHES = (
    Column("", 9, "<"),
    Column("", 40, "<"),
    Column("entries", 7),
    Column("entries/s", 9),
    Column("of bare", 7),
    Column("CPU ms, ours", 8),
    Column("CPU ms, server's", 9),
    Column("of bare, by CPU", 8),
)
ROUNDS = (
    Column("", 30, "<"),
    Column("accounts/s", 10),
    Column("of bare", 7),
    Column("CPU ms, ours", 8),
    Column("CPU ms, server's", 9),
    Column("requests each", 8),
    Column("queries each", 8),
)
MEMORY = (Column("", 44, "<"), Column("MB", 7))
TEXTS = (Column("", 30, "<"), Column("entries/s of CPU", 10), Column("ratio", 7))


def figures(asked: argparse.Namespace, part: str, *numbers: int) -> Any:
    """What one part finds, in a folder of its own, and in a process of its own unless it has to be quick."""
    with tempfile.TemporaryDirectory(prefix="calendars-") as folder:
        if asked.quick:
            return import_module(f"calendaring.{part}").figures(Path(folder), *numbers)
        command = [sys.executable, "-m", "calendaring", part, folder, *map(str, numbers)]
        found = running.run(command, PATIENCE, path=Path(__file__).parent)
    if isinstance(found, running.Failed):
        raise RuntimeError(f"{part}: {found.why}")
    return found


def feeds(asked: argparse.Namespace) -> None:
    """Feeds beside the plainest route."""
    found = figures(asked, "feeds", *((20, 1, 3) if asked.quick else (300, 9, 20)))
    table = Table(FEEDS, "Feeds, and the plainest route of the same server", markdown=asked.markdown)
    for each in found:
        times = (
            f"{each['rate']:,.0f}",
            f"{each['median'] * 1000:.2f}",
            f"{each['of_plain']:.0%}",
            f"{each['busy'] * 1000:.2f}",
        )
        table.row(
            each["name"], str(each["connections"]), *times, str(each["queries"]), f"{each['bytes']:,.0f}"
        )


def pushes(asked: argparse.Namespace) -> None:
    """Pushes beside bare PUTs, on each server."""
    found = figures(asked, "pushing", *((2, 1) if asked.quick else (50, 5)))
    for stage, title in STAGES.items():
        table = Table(PUSHES, title, markdown=asked.markdown)
        for each in found["rows"]:
            if each["stage"] == stage:
                rate = str(each["many"]), f"{each['rate']:,.0f}", f"{each['of_bare']:.0%}"
                busy = _ms(each["own"]), _ms(each["others"]), f"{each['busy_of_bare']:.0%}"
                table.row(each["server"], each["name"], *rate, *busy)


def rounds(asked: argparse.Namespace) -> None:
    """Rounds over many accounts, and the worker's memory."""
    many = 8 if asked.quick else asked.accounts
    found = figures(asked, "rounds", many, 1 if asked.quick else 5)
    table = Table(
        ROUNDS, f"One round over {many:,} accounts in which nothing changed", markdown=asked.markdown
    )
    ours = f"{found['rate']:,.0f}", f"{found['of_bare']:.0%}", _ms(found["worker"]), _ms(found["server"])
    bare = f"{found['bare_rate']:,.0f}", "100%", _ms(found["bare_own"]), _ms(found["bare_server"]), "1", "0"
    table.row("bare PROPFIND", *bare)
    table.row("the worker's round", *ours, str(found["requests"]), str(found["queries"]))
    table = Table(MEMORY, "Memory of the worker", markdown=asked.markdown)
    table.row("before anything was done", f"{found['idle']:.1f}")
    table.row(f"after the first push of {found['entries']:,} entries", f"{found['after_first']:.1f}")
    for number, megabytes in enumerate(found["memories"], 1):
        table.row(f"after round {number} over {many:,} accounts", f"{megabytes:.1f}")
    table.row("the most it ever held", f"{found['peak']:.1f}")


def texts(asked: argparse.Namespace) -> None:
    """Calendar texts beside icalendar's."""
    found = figures(asked, "texts", *((2, 1) if asked.quick else (100, 5)))
    table = Table(TEXTS, "Entries as calendar texts", markdown=asked.markdown)
    for each in found:
        table.row(each["name"], f"{each['rate']:,.0f}", f"{each['ratio']:.1f}")


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f}"


PARTS = {"feeds": feeds, "pushes": pushes, "rounds": rounds, "texts": texts}


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--markdown", action="store_true", help="tables for a README")
    parser.add_argument("--quick", action="store_true", help="few of everything: does it run?")
    parser.add_argument(
        "--parts", type=lambda text: text.split(","), default=list(PARTS), help=",".join(PARTS)
    )
    parser.add_argument("--accounts", type=int, default=1000, help="accounts of a round, an even number")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    return asked


if __name__ == "__main__":
    given = arguments()
    for part in given.parts:
        PARTS[part](given)
