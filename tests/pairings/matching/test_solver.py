"""Runs in a process of their own: ended, killed at any moment, taken over, and written down once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import psutil
from flask import Flask

from portal import work
from portal.clock import now
from portal.db import db, transaction
from portal.pairings import words
from portal.pairings.matching import runs
from portal.pairings.models import MatchRun, Proposal
from tests.pairings.company import Company
from tests.pairings.crowd import ask, fill, let_the_lease_run_out, many, row, running, solvers, wait_for
from tests.personas import Factories


def test_a_run_can_be_ended_while_it_is_under_way(app: Flask, make: Factories, company: Company) -> None:
    fill(make, company.programme, 60, 60)
    run_id = ask(company)
    with running(app, run_id):
        with transaction():
            assert runs.end_run(db.session.get_one(MatchRun, run_id), by=company.staff, at=now())
        wait_for(lambda: row(run_id).state == "ended")
    with transaction():
        assert not runs.end_run(db.session.get_one(MatchRun, run_id), by=company.staff, at=now())
    assert many(Proposal, run_id) == 0
    assert row(run_id).lease_holder is None


def test_a_process_that_is_killed_fails_the_run_with_a_sentence(
    app: Flask, make: Factories, company: Company
) -> None:
    fill(make, company.programme, 60, 60)
    run_id = ask(company)
    with running(app, run_id):
        for each in solvers(os.getpid()):
            each.kill()
    assert row(run_id).state == "failed"
    assert words.stored_failure(row(run_id).error or "") == "It stopped before it was done. Try again."
    assert many(Proposal, run_id) == 0


def test_two_workers_do_a_run_once(app: Flask, make: Factories, company: Company) -> None:
    fill(make, company.programme, 20, 20)
    run_id = ask(company)
    with running(app, run_id):
        runs.run(run_id)
        assert row(run_id).state == "running"
    assert (row(run_id).state, row(run_id).beginnings) == ("done", 1)


def test_who_has_lost_the_lease_writes_nothing(app: Flask, make: Factories, company: Company) -> None:
    fill(make, company.programme, 20, 20)
    run_id = ask(company)
    with running(app, run_id):
        let_the_lease_run_out(run_id)
        with transaction():
            taken = work.claim(MatchRun, run_id, seconds=30, where=MatchRun.state == "running")
        assert taken
    assert (row(run_id).state, row(run_id).lease_holder, many(Proposal, run_id)) == ("running", taken, 0)


def test_a_run_whose_worker_was_killed_is_begun_again(
    make: Factories, company: Company, database_url: str, tmp_path: Path, rung: list[tuple[str, int]]
) -> None:
    fill(make, company.programme, 60, 60)
    run_id = ask(company)
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.pairings.one_run", str(tmp_path), database_url, str(run_id)]
    )
    try:
        wait_for(lambda: solvers(worker.pid))
        child = solvers(worker.pid)[0]
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    wait_for(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    assert row(run_id).state == "running"
    rung.clear()
    runs.sweep()
    assert rung == [], "its lease still holds"
    runs.run(run_id)
    assert row(run_id).state == "running"
    let_the_lease_run_out(run_id)
    runs.sweep()
    assert rung == [("pairings.match", run_id)]
    runs.run(run_id)
    assert (row(run_id).state, row(run_id).beginnings, many(Proposal, run_id)) == ("done", 2, 60)
    rung.clear()
    runs.sweep()
    assert rung == []


def test_a_run_that_was_begun_three_times_in_vain_has_failed(company: Company) -> None:
    run = company.run("running", beginnings=3, lease_holder="gone", lease_until=now() - timedelta(minutes=1))
    runs.run(run.id)
    assert row(run.id).state == "failed"
    assert "three times" in (row(run.id).error or "")


def test_a_run_of_a_dead_worker_is_ended_at_once_when_staff_want_it(company: Company) -> None:
    run = company.run("running", beginnings=1, lease_holder="gone", lease_until=now() - timedelta(minutes=1))
    with transaction():
        assert runs.end_run(db.session.get_one(MatchRun, run.id), by=company.staff, at=now())
    assert row(run.id).state == "ended"
