"""`portal serve`: one command that brings everything up, keeps it up, and takes everything down."""

from __future__ import annotations

import signal
import socket
import sqlite3
from pathlib import Path

import psutil
import pytest

from tests.postbox import free_port
from tests.processes import Running, environment, kill, portal, ready, running, wait_until


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def wait_for_another(process: Running, word: str, old: psutil.Process, log: Path) -> psutil.Process:
    return wait_until(
        lambda: next((each for each in process.children(word) if each.pid != old.pid), None), log=log
    )


@pytest.mark.slow
def test_serve_brings_all_up_starts_again_what_is_killed_and_stops_all(tmp_path: Path, log: Path) -> None:
    port = free_port()
    with running(environment(tmp_path), log, "serve", "--port", str(port)) as process:
        assert wait_until(lambda: ready(port), log=log)
        [worker], web = process.children("worker"), process.children("web")[0]
        kill(worker)
        wait_for_another(process, "worker", worker, log)
        kill(web)
        wait_for_another(process, "web", web, log)
        assert wait_until(lambda: ready(port), log=log)
        everybody = process.family()
        assert process.stop() == 0
        wait_until(lambda: not any(each.is_running() for each in everybody), log=log)
    assert "Traceback" not in log.read_text()


@pytest.mark.slow
def test_children_stop_when_the_supervisor_is_killed(tmp_path: Path, log: Path) -> None:
    port = free_port()
    with running(environment(tmp_path), log, "serve", "--port", str(port)) as process:
        assert wait_until(lambda: ready(port), log=log)
        wait_until(lambda: len(process.family()) >= 5, log=log)  # with the web server and both its processes
        everybody = process.family()
        kill(everybody[0])
        wait_until(lambda: not any(each.is_running() for each in everybody[1:]), log=log)


@pytest.mark.everything
@pytest.mark.slow
def test_the_demo_says_where_to_go_and_as_whom_and_is_not_loaded_twice(tmp_path: Path, log: Path) -> None:
    counts = []
    for _ in range(2):
        port = free_port()
        with running(environment(tmp_path), log, "serve", "--demo", "--port", str(port)) as process:
            wait_until(lambda: "Ctrl-C stops it." in log.read_text(), log=log)
            assert f"The portal is ready: http://localhost:{port}" in log.read_text()
            assert all(f"  {role}: " in log.read_text() for role in ("staff", "junior", "senior"))
            assert process.stop(signal.SIGINT) == 0
        log.unlink()
        with sqlite3.connect(tmp_path / "portal.db") as database:
            counts.append(database.execute("SELECT count(*) FROM person").fetchone()[0])
    assert counts[0] == counts[1] >= 119


def test_a_port_that_is_taken_is_said_in_a_sentence(tmp_path: Path, log: Path) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        done = portal(environment(tmp_path), "serve", "--port", str(port))
    assert (done.returncode, done.stderr) == (
        1,
        f"Cannot listen on 127.0.0.1:{port} (Address already in use). Choose another --port.\n",
    )


def test_migrating_twice_at_once_does_no_harm(tmp_path: Path, log: Path) -> None:
    environ = environment(tmp_path)
    with running(environ, log, "migrate") as one, running(environ, log, "migrate") as two:
        assert (one.process.wait(60), two.process.wait(60)) == (0, 0), log.read_text()
