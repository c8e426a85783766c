"""A worker that is killed with -9 at the n-th step of a round, whichever that is: `python -m
tests.calendars.mortal`.

Steps are counted as they happen: before and after each request to a calendar server, and before and after
each commit. A process that has loaded the portal waits for orders, a line each, and forks a worker for every
one of them; so one death takes a tenth of a second.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import niquests
from flask import Flask
from sqlalchemy import Engine, event

from portal.app import create_app
from portal.calendars.syncing import sync
from portal.db import PortalSession
from portal.settings import HOUSE
from tests.personas import settings_for_tests


@dataclass(frozen=True)
class Life:
    """What became of a worker: whether it was killed, and the steps it took."""

    killed: bool
    steps: tuple[str, ...]


class Workers:
    """Has workers made that are to die. Use it with `with`."""

    def __enter__(self) -> Workers:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.calendars.mortal"],
            cwd=HOUSE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.orders, self.answers = (
            cast("IO[bytes]", self.process.stdin),
            cast("IO[bytes]", self.process.stdout),
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.orders.close()
        self.process.wait(10)

    def live(self, account_id: int, *, database_url: str, instance: Path, die_at: int) -> Life:
        """One round of a worker of its own, killed at the step of that number if it comes so far."""
        order = {"account": account_id, "url": database_url, "instance": str(instance), "die_at": die_at}
        self.orders.write(json.dumps(order).encode() + b"\n")
        self.orders.flush()
        said = json.loads(self.answers.readline())
        assert said["status"] in (0, signal.SIGKILL), said
        return Life(said["status"] == signal.SIGKILL, tuple(said["steps"]))


class Count:
    """Steps, told through a pipe that outlives whoever counts."""

    def __init__(self, die_at: int, pipe: int) -> None:
        self.left, self.pipe = die_at, pipe

    def __call__(self, name: str) -> None:
        os.write(self.pipe, f"{name}\n".encode())
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def _counted(step: Count) -> None:
    """Have every request and every commit of this process counted."""
    event.listen(Engine, "commit", lambda _connection: step("before a commit"))
    event.listen(PortalSession, "after_commit", lambda _session: step("after a commit"))
    real = niquests.Session.request

    def request(self: niquests.Session, method: str, url: str, *given: Any, **more: Any) -> Any:
        step(f"before {method}")
        try:
            return real(self, method, url, *given, **more)
        finally:
            step(f"after {method}")

    niquests.Session.request = request  # type: ignore[method-assign]  # of this short-lived process


def _work(app: Flask, account_id: int, step: Count) -> int:
    """One round; the exit status."""
    try:
        _counted(step)
        with app.app_context():
            sync.sync(account_id, at_once=True)
    except BaseException:  # noqa: BLE001  # a fork never goes back to where it came from
        traceback.print_exc()
        return 1
    return 0


def main() -> None:
    """Fork a worker for each order, and say what became of it."""
    apps: dict[str, Flask] = {}
    for line in sys.stdin:
        order = json.loads(line)
        if order["url"] not in apps:
            settings = settings_for_tests(
                Path(order["instance"]), order["url"], caldav_allowed_hosts=("localhost",)
            )
            apps = {order["url"]: create_app(settings)}
        told, tell = os.pipe()
        worker = os.fork()
        if worker == 0:
            os.close(told)
            os._exit(_work(apps[order["url"]], order["account"], Count(order["die_at"], tell)))
        os.close(tell)
        with os.fdopen(told) as steps:
            taken = steps.read().splitlines()
        status = os.waitpid(worker, 0)[1]
        print(json.dumps({"status": status, "steps": taken}), flush=True)


if __name__ == "__main__":
    main()
