"""The program that solver.py starts: the matching engine on one problem.

It reads a problem as JSON from its standard input and writes lines of JSON: progress, and at last the result
(or the prices of a board, if one came with the problem) or a failure. It ends when its parent is gone, since
the pipe it writes its progress to breaks, and on Linux at once.
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
        answer = _answer(json.loads(sys.stdin.buffer.read()))
    except Refusal as error:
        _say(failure=error.template, facts=error.facts)
    except PortalError as error:
        _say(failure=error.message, facts={})
    else:
        _say(**answer)


def _answer(given: dict[str, Any]) -> dict[str, Any]:
    """The result, or the prices of the board that came with the problem."""
    problem, board = Problem.from_json(given), given.get("board")

    def progress(phase: str, done: int, total: int) -> None:
        _say(phase=phase, done=done, total=total)

    if board is None:
        return {"result": match(problem, progress=progress).as_json()}
    drafts = [(mentor, mentee) for mentor, mentee in board["drafts"]]
    found = present_board(problem, drafts, line=board["line"], progress=progress)
    return {"prices": base64.b64encode(found.to_bytes()).decode()}


if __name__ == "__main__":
    main()
