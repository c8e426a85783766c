"""The portal as processes of their own, as an operator runs it: started, killed, stopped."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import httpx
import psutil

Found = TypeVar("Found")
SECONDS = 90.0


def environment(instance: Path, **more: str) -> dict[str, str]:
    """The environment of a demo portal of its own, with nothing of the developer's settings in it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "PORTAL_DEMO": "1", "PORTAL_INSTANCE": str(instance), "PYTHONUNBUFFERED": "1", **more}


PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["portal.app", "portal.cli.main", "portal.operating.migrations"])


def portal(environ: dict[str, str], *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run one command of the portal to its end, in a process that begins with the portal imported: importing
    it takes longer than most commands do.
    """
    with tempfile.TemporaryDirectory() as folder:
        streams = [Path(folder, name) for name in ("stdin", "stdout", "stderr")]
        streams[0].write_text(given)
        process = PROCESSES.Process(target=_command, args=(environ, arguments, streams))
        process.start()
        process.join(120)
        if process.exitcode is None:
            process.kill()
            raise AssertionError(f"portal {' '.join(arguments)} runs for ever")
        out, err = (stream.read_text() for stream in streams[1:])
        return subprocess.CompletedProcess(list(arguments), process.exitcode, out, err)


def _command(environ: dict[str, str], arguments: tuple[str, ...], streams: list[Path]) -> None:
    """What the process runs, with nothing of the tests' environment."""
    from portal.cli.main import main

    os.environ.clear()
    os.environ.update(environ)
    for number, (stream, flags) in enumerate(
        zip(streams, (os.O_RDONLY, *[os.O_WRONLY | os.O_CREAT] * 2), strict=True)
    ):
        os.dup2(os.open(stream, flags, 0o600), number)
    sys.stdin = os.fdopen(0, closefd=False)  # multiprocessing gives its processes none
    sys.argv = ["portal", *arguments]
    main()


class Running:
    """A process of the portal that stays. Its output is in `log`."""

    def __init__(self, environ: dict[str, str], log: Path, *arguments: str) -> None:
        self.log = log
        with log.open("ab") as out:
            command = [sys.executable, "-m", "portal.cli.main", *arguments]
            self.process = subprocess.Popen(command, env=environ, stdout=out, stderr=subprocess.STDOUT)

    def family(self) -> list[psutil.Process]:
        """The process and all that stand under it."""
        try:
            top = psutil.Process(self.process.pid)
            return [top, *top.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def children(self, word: str) -> list[psutil.Process]:
        """Those under it whose command holds `word`, such as `worker`."""
        return [each for each in self.family()[1:] if word in command_of(each)]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to stop; its exit status."""
        self.process.send_signal(number)
        return self.process.wait(SECONDS)

    def end(self) -> None:
        """Leave nothing behind, whatever happened."""
        for each in self.family():
            kill(each)
        self.process.wait(SECONDS)


def command_of(process: psutil.Process) -> list[str]:
    """The words it was started with; none when it is gone."""
    try:
        return list(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


def kill(process: psutil.Process) -> None:
    """kill -9."""
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


@contextmanager
def running(environ: dict[str, str], log: Path, *arguments: str) -> Iterator[Running]:
    """A process that is gone afterwards."""
    process = Running(environ, log, *arguments)
    try:
        yield process
    finally:
        process.end()


def wait_until(question: Callable[[], Found], *, seconds: float = SECONDS, log: Path | None = None) -> Found:
    """The first answer that is true."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if answer := question():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds} s in vain; {log.read_text() if log and log.exists() else ''}")


def ready(port: int) -> bool:
    """Whether the portal at `port` says that it is ready."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False
