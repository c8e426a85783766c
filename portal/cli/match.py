"""`portal match`: the engine on a file of people, without a database and without settings.

Nothing is matched while a row is bad, and nothing is written before everything is found.
"""

import csv
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from portal.cli.files import Write
    from portal.core.matching.files.people_file import PeopleFile
    from portal.core.matching.results import Result

ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Set to 1 before numpy is there: the threads of small matrix products only wait for each other."""
MOST_TOLD = 20
PHASES = {
    "scoring": "Comparing everybody with everybody",
    "solving": "Finding the best pairs",
    "explaining": "Writing down the reasons",
    "writing": "Writing the scores",
}
WIDTH = 30
TICK_SECONDS = 0.05


@click.command()
@click.argument("file", metavar="FILE.csv")
@click.option(
    "--rules",
    "rules_file",
    metavar="RULES.json",
    help="Weights and rules; without it those of a new programme.",
)
@click.option(
    "--out", required=True, metavar="PAIRS.csv", help="Where the pairs go: mentor_id,mentee_id,score,reason."
)
@click.option(
    "--report", required=True, metavar="REPORT.json", help="Where the proof, the parts and the unmatched go."
)
@click.option(
    "--scores",
    metavar="SCORES.csv",
    help="Where the score of every allowed pair goes; many people make it large.",
)
@click.option(
    "--skip-bad", is_flag=True, help="Leave bad rows out, and name them, instead of matching nobody."
)
def match(
    file: str, rules_file: str | None, out: str, report: str, scores: str | None, skip_bad: bool
) -> None:
    """Pair the people in FILE.csv, and prove that no pairs are better.

    FILE.csv is UTF-8 with a header; columns in any order, only id and role are needed: id, name, email,
    grade, manager_id, department, site, time_zone, hours, languages, role, capacity, teaches, learns, style,
    avoid, past_partners, locked_with. Lists are separated by semicolons; `-` is standard input or output.
    Scores are whole numbers from 0 to 10000.
    """
    began = time.monotonic()
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    from portal.cli import files as cli_files

    given = {"--out": out, "--report": report, "--scores": scores}
    places = {option: name for option, name in given.items() if name is not None}
    cli_files.check_places(places, {"FILE": file, **({"--rules": rules_file} if rules_file else {})})
    people = _read(file, rules_file, skip_bad=skip_bad)
    from portal.core.matching import engine

    bar = Bar(sys.stderr)
    with _ends_at_once():
        found = engine.match(people.problem, bar)
    cli_files.write_all(_contents(people, found, places, began, bar))
    bar.clear()
    _tell(people, found)


def _read(file: str, rules_file: str | None, *, skip_bad: bool) -> "PeopleFile":
    """The people, to be matched by the rules; raises Invalid for bad rows, unless they are to be skipped."""
    from portal.cli import files as cli_files
    from portal.clock import today
    from portal.core.matching.candidates import Rules
    from portal.core.matching.files.people_cells import Known
    from portal.core.matching.files.people_file import Terms, read_people
    from portal.core.matching.files.people_table import decoded
    from portal.core.matching.files.rules_file import USUAL_WEIGHTS, read_rules
    from portal.people.languages import parse_languages

    def zones_meant(name: str) -> tuple[str, ...]:
        from portal.people.zone_names import zones_meant  # forms and the CLDR, only for a name not known

        return zones_meant(name)

    weights, rules = dict(USUAL_WEIGHTS), Rules()
    known = Known(parse_languages, zones_meant=zones_meant)
    if rules_file:
        with _about(rules_file):
            weights, rules = read_rules(decoded(cli_files.read(rules_file)))
    with _about(file):
        people = read_people(cli_files.read(file), Terms(weights, rules, today(), known))
    if people.bad:
        _tell_bad(people, _called(file), skip_bad=skip_bad)
    for note in people.notes:
        click.echo(f"Note: {note}", err=True)
    return people


def _called(name: str) -> str:
    return "standard input" if name == "-" else name


@contextmanager
def _about(name: str) -> Iterator[None]:
    """Say which file it is whose content cannot be taken."""
    from portal.core.matching.candidates import Refusal
    from portal.core.matching.files.people_table import FileError

    try:
        yield
    except (FileError, Refusal) as error:
        raise FileError(f"{_called(name)}: {error.message}") from error


def _tell_bad(people: "PeopleFile", name: str, *, skip_bad: bool) -> None:
    """Name what is wrong with bad rows. Without leave to skip them, or when nobody is left,
    raises Invalid.
    """
    from portal.errors import Invalid

    rows = "One row is" if len(people.skipped) == 1 else f"{len(people.skipped):,} rows are"
    shown = people.bad if skip_bad else people.bad[:MOST_TOLD]
    lines = [f"  {each}" for each in shown]
    if len(people.bad) > len(shown):
        lines.append(f"  … and {len(people.bad) - len(shown):,} more.")
    if not skip_bad:
        way = "Mend what is named, or leave bad rows out with --skip-bad."
        raise Invalid("\n".join([f"{name}: {rows} bad, so nobody was matched.", *lines, way]))
    ids = [person for _, person in people.skipped if person]
    named = [f"Left out: {', '.join(ids)}."] if ids else []
    click.echo("\n".join([f"{name}: {rows} skipped.", *lines, *named]), err=True)
    if not people.problem.candidates:
        raise Invalid(f"{name}: nobody is left to be matched.")


@contextmanager
def _ends_at_once() -> Iterator[None]:
    """Let Ctrl-C end the process here and now: a long solve hears of nothing else, and nothing is written
    yet.
    """
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _contents(
    people: "PeopleFile", found: "Result", places: Mapping[str, str], began: float, bar: "Bar"
) -> dict[str, "Write"]:
    """What goes into each file. The report is last, so that its seconds and memory are
    those of all the work.
    """
    from portal.core.matching.files import pairs_file

    def pairs(file: TextIO) -> None:
        _table(file, pairs_file.PAIRS_HEADER, pairs_file.pair_rows(found, people.problem, people.ids))

    def scores(file: TextIO) -> None:
        _table(file, pairs_file.SCORES_HEADER, pairs_file.score_rows(people.problem, people.ids, bar))

    def report(file: TextIO) -> None:
        seconds = time.monotonic() - began
        whole = pairs_file.report(found, people.problem, people.ids, seconds=seconds, peak_mb=_peak_mb())
        json.dump(whole, file, ensure_ascii=False, indent=2)
        file.write("\n")

    writers = {"--out": pairs, "--scores": scores, "--report": report}
    return {places[option]: write for option, write in writers.items() if option in places}


def _table(file: TextIO, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    table = csv.writer(file, lineterminator="\n")
    table.writerow(header)
    table.writerows(rows)


def _peak_mb() -> float:
    """The most memory this process ever had, in MiB (getrusage counts in KiB, on macOS in bytes)."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 2**10)


def _tell(people: "PeopleFile", found: "Result") -> None:
    """Say in a few words how it went."""
    goals = found.objective
    left = (
        f"left over: {_many(goals['mentees_unmatched'], 'mentee')} and"
        f" {_many(goals['mentors_unmatched'], 'mentor')}"
    )
    click.echo(
        f"{_many(len(found.pairs), 'pair')}; {left}; below the line: {goals['below_line']:,}.", err=True
    )
    if people.problem.rules.line == "auto":
        held = f": {people.ids[found.held_by]} has no better option" if found.held_by is not None else ""
        click.echo(f"The line that can be kept is {found.line / 100:.2f}{held}.", err=True)
    best = (
        "Proven: no other pairs are better."
        if found.gap == 0
        else f"Not proven to be the best: the gap is {found.gap}."
    )
    click.echo(best, err=True)


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


class Bar:
    """Progress on one line of a terminal: the phase, and how far it is. Nothing where nobody watches."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream if stream.isatty() else None
        self.drawn, self.phase = 0.0, ""

    def __call__(self, phase: str, done: int, total: int) -> None:
        """Show that `done` of `total` of a phase is done."""
        moment = time.monotonic()
        if self.stream is None or (
            phase == self.phase and done < total and moment - self.drawn < TICK_SECONDS
        ):
            return
        self.drawn, self.phase = moment, phase
        share = min(done / total, 1) if total else 1
        full = round(share * WIDTH)
        said = PHASES.get(phase, phase)
        self.stream.write(f"\r\x1b[K{said:<36} [{'#' * full}{' ' * (WIDTH - full)}] {share:>4.0%}")
        self.stream.flush()

    def clear(self) -> None:
        """Leave the line as it was."""
        if self.stream is not None and self.phase:
            self.stream.write("\r\x1b[K")
            self.stream.flush()


COMMANDS = (match,)
