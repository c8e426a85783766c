"""The process that a Solver starts: the matching engine, with a problem to solve.

It reads the problem as JSON from standard input and writes lines of JSON to standard output: progress, and at
last the result (or the prices of a board, if one came with the problem) or a failure. It ends with its
parent: on Linux at once, elsewhere when it next writes progress to the broken pipe.
"""

import base64
import ctypes
import json
import os
import signal
import sys
from typing import Any

from portal.core.matching.candidates import Problem, Refusal
from portal.core.matching.engine import match
from portal.core.matching.prices.present_board import present_board
from portal.errors import PortalError

PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG in Linux's prctl(2)


def main() -> None:
    """Solve what standard input holds; the parent's process id is the argument."""
    _end_with_parent(int(sys.argv[1]))
    try:
        answer = _solve(json.loads(sys.stdin.buffer.read()))
    except Refusal as error:
        _write(failure=error.template, facts=error.facts)
    except PortalError as error:
        _write(failure=error.message, facts={})
    else:
        _write(**answer)


def _end_with_parent(parent: int) -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the signal was asked for
        sys.exit(1)


def _solve(job: dict[str, Any]) -> dict[str, Any]:
    """The result, or the prices of the board that came with the problem."""
    problem, board = Problem.from_json(job), job.get("board")

    def progress(phase: str, done: int, total: int) -> None:
        _write(phase=phase, done=done, total=total)

    if board is None:
        return {"result": match(problem, progress=progress).as_json()}
    drafts = [(mentor, mentee) for mentor, mentee in board["drafts"]]
    priced = present_board(problem, drafts, line=board["line"], progress=progress)
    return {"prices": base64.b64encode(priced.to_bytes()).decode()}


def _write(**message: Any) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
