"""Runs the matching engine in a process of its own, which can be watched and
ended, and whose crash takes nothing else along.
"""

import base64
import json
import logging
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self

from portal.core.matching.candidates import Problem
from portal.pairings.matching import engine

if TYPE_CHECKING:
    from portal.core.matching.results import Result

log = logging.getLogger(__name__)
# Without it the matrix products of small machines are thirty times slower: their threads wait for each other.
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Board:
    """A board to be priced: its problem, the drafts that are not locked (ids, mentor first), and its line
    (0..10000).
    """

    problem: Problem
    drafts: tuple[tuple[int, int], ...]
    line: int


class Solver:
    """One problem being solved, or a `board` being priced, in a process of its
    own; leaving the `with` ends the process.

    `progress` is the phase, how far it is and of how much; at the end there is a `result` (or `prices`), or a
    `failure` (a sentence to be translated and its values), and neither if the process died.
    """

    def __init__(self, problem: Problem, *, board: Board | None = None) -> None:
        self.problem, self.board = problem, board
        self.prices: bytes | None = None
        self.progress: tuple[str, int, int] = ("", 0, 0)
        self.result: Result | None = None
        self.failure: tuple[str, dict[str, Any]] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603  # our own program, without a shell
            [sys.executable, "-m", "portal.pairings.matching.solver_process", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **ONE_THREAD},
        )
        pipes = (self._process.stdin, self._process.stdout)
        self._reader = threading.Thread(target=self._talk, args=pipes, name="solver", daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def is_running(self, seconds: float) -> bool:
        """Wait up to `seconds` for the end; whether the process is still at work."""
        self._reader.join(seconds)
        return self._reader.is_alive()

    def _talk(self, stdin: IO[bytes], stdout: IO[bytes]) -> None:
        """Hand over the problem and note what the process writes, to its end."""
        with stdout:
            try:
                with stdin:
                    stdin.write(json.dumps(self._job()).encode())
                for line in stdout:
                    self._note(json.loads(line))
            except (OSError, ValueError):
                log.warning("the process that matches has stopped in the middle of a word")

    def _job(self) -> dict[str, Any]:
        if self.board is None:
            return self.problem.as_json()
        return {**self.problem.as_json(), "board": {"drafts": self.board.drafts, "line": self.board.line}}

    def _note(self, message: dict[str, Any]) -> None:
        if "result" in message:
            self.result = engine.results.Result.from_json(message["result"])
        elif "prices" in message:
            self.prices = base64.b64decode(message["prices"])
        elif "failure" in message:
            self.failure = str(message["failure"]), message["facts"]
        else:
            self.progress = (str(message["phase"]), int(message["done"]), int(message["total"]))
