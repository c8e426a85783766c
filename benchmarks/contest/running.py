"""Runs programs in processes of their own, with a limit of time, and makes environments for packages that are
not ours.
"""

import json
import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / "build" / "contest"
"""Environments live here; `make clean` takes them away."""
INSTALLING = 300
"""Seconds after which a package counts as out of reach."""
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Failed:
    """A program that gave nothing, and why in a few words."""

    why: str


def run(command: list[str | Path], seconds: float, path: Path | None = None) -> dict[str, Any] | Failed:
    """What a program writes as JSON to its standard output. It imports from `path` too, if one is given."""
    environment = {each: value for each, value in os.environ.items() if each != "PYTHONPATH"} | ONE_THREAD
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    try:
        done = subprocess.run(  # noqa: S603  # our own programs, without a shell
            [str(each) for each in command],
            capture_output=True,
            text=True,
            timeout=seconds,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Failed(f"over {seconds:g} s")
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"ended with {done.returncode}"]
        return Failed("out of memory" if done.returncode == -9 or "MemoryError" in last[0] else last[0][:80])
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def ours(*arguments: object, seconds: float = 3600) -> dict[str, Any]:
    """Run our own program `contest.ours`; raises RuntimeError if it fails, since nothing can be measured
    then.
    """
    answer = run([sys.executable, "-m", "contest.ours", *map(str, arguments)], seconds, path=HERE.parent)
    if isinstance(answer, Failed):
        raise RuntimeError(f"{arguments}: {answer.why}")
    return answer


def interpreter(package: str) -> Path | Failed:
    """The Python of an environment that holds `package` ("name==version") and what it needs, made at the
    first asking.

    Packages come from wherever pip is set up to look; with no way there, that is said and nothing fails.
    """
    folder = CACHE / package.replace("==", "-")
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ready = folder / "ready"
    if ready.exists():
        return python
    try:
        venv.create(folder, with_pip=True, clear=True)
        command = [
            str(python),
            "-m",
            "pip",
            "--disable-pip-version-check",
            "install",
            "--quiet",
            "--retries",
            "1",
            package,
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=INSTALLING)  # noqa: S603  # a name of our own
    except (OSError, subprocess.SubprocessError):
        return Failed("could not be installed here")
    ready.touch()
    return python
