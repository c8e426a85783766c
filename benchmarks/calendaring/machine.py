"""Wall time, processor time and memory of this process and of others, and programs that are started and
stopped.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")
MEGA = 1e6


def busy(pid: int) -> float:
    """Seconds of processor time that a process and those it started have used so far; 0 where there is no
    /proc.
    """
    try:
        numbers = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        children = (PROC / str(pid) / "task" / str(pid) / "children").read_text().split()
    except OSError:
        return 0.0
    return (int(numbers[11]) + int(numbers[12])) / TICKS + sum(busy(int(each)) for each in children)


def memory(pid: int) -> tuple[float, float]:
    """MB that a process holds now, and the most it ever held."""
    lines = (PROC / str(pid) / "status").read_text().splitlines() if (PROC / str(pid)).exists() else []
    found = {
        name: int(rest.split()[0]) * 1024 / MEGA
        for name, _, rest in (each.partition(":") for each in lines)
        if "kB" in rest
    }
    return found.get("VmRSS", 0.0), found.get("VmHWM", 0.0)


class Stopwatch:
    """Wall time and processor time since it was made: of this process, and of other processes."""

    def __init__(self, *pids: int) -> None:
        self.pids = pids
        self._began = self._now()

    def _now(self) -> tuple[float, float, float]:
        return time.perf_counter(), time.process_time(), sum(map(busy, self.pids))

    def read(self) -> dict[str, float]:
        """Seconds: `wall`, `own` (processor time of this process) and `others`."""
        passed = [now - began for now, began in zip(self._now(), self._began, strict=True)]
        return dict(zip(("wall", "own", "others"), passed, strict=True))


@contextmanager
def running(
    command: Sequence[str], environ: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A program of Python's in a process of its own, told to stop at the end."""
    with log.open("ab") as file:
        process = subprocess.Popen(  # noqa: S603  # our own program, without a shell
            [sys.executable, *command], env=dict(environ), stdout=file, stderr=file
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
