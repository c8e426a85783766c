"""The engine in a process of its own: it can be watched and ended, and a crash in it takes nothing else along.

Run as a program it reads a problem as JSON from its standard input and writes lines of JSON: progress, and at last the
result or a failure. It ends when its parent is gone, since the pipe it writes its progress to breaks, and on Linux at once.
"""

import ctypes
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from types import TracebackType
from typing import IO, Any, Self

from portal.core.matching.candidates import Problem, Refusal
from portal.core.matching.engine import match
from portal.core.matching.results import Result
from portal.errors import PortalError

log = logging.getLogger(__name__)
PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG in Linux's prctl(2)
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Without it the matrix products of small machines are thirty times slower: their threads wait for each other."""


class Solver:
    """One problem being solved in a process of its own; leaving the `with` ends the process.

    `progress` is the phase, how far it is and of how much; at the end there is a `result`, or a `failure` (a sentence to
    be translated and what goes into it), and neither if the process died.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.progress: tuple[str, int, int] = ("", 0, 0)
        self.result: Result | None = None
        self.failure: tuple[str, dict[str, Any]] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603  # our own program, without a shell
            [sys.executable, "-m", "portal.pairings.solving", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **ONE_THREAD},
        )
        pipes = (self._process.stdin, self._process.stdout)
        self._reader = threading.Thread(target=self._talk, args=pipes, name="solver", daemon=True)
        self._reader.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def thinks(self, seconds: float) -> bool:
        """Wait up to `seconds` for the end; whether the process still thinks."""
        self._reader.join(seconds)
        return self._reader.is_alive()

    def _talk(self, given: IO[bytes], said: IO[bytes]) -> None:
        """Hand over the problem and note what the process says, to its end."""
        with said:
            try:
                with given:
                    given.write(json.dumps(self.problem.as_json()).encode())
                for line in said:
                    self._note(json.loads(line))
            except (OSError, ValueError):
                log.warning("the process that matches has stopped in the middle of a word")

    def _note(self, line: dict[str, Any]) -> None:
        if "result" in line:
            self.result = Result.from_json(line["result"])
        elif "failure" in line:
            self.failure = str(line["failure"]), line["facts"]
        else:
            self.progress = (str(line["phase"]), int(line["done"]), int(line["total"]))


def _say(**what: Any) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def _follow(parent: int) -> None:
    """End when the parent does."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)


def main() -> None:
    """Solve what standard input holds."""
    _follow(int(sys.argv[1]))
    try:
        problem = Problem.from_json(json.loads(sys.stdin.buffer.read()))
        found = match(problem, progress=lambda phase, done, total: _say(phase=phase, done=done, total=total))
    except Refusal as error:
        _say(failure=error.template, facts=error.facts)
    except PortalError as error:
        _say(failure=error.message, facts={})
    else:
        _say(result=found.as_json())


if __name__ == "__main__":
    main()
