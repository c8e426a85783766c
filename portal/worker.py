"""Every background task and every periodic round, and the process that works through them.

What is to be done stands in the tables: a lost task is found by the sweep, and a doubled one finds nothing to
do. Several workers may run; each enqueues the rounds, and leases make the work happen once.
"""

import gc
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask
from huey import Huey, crontab
from huey.consumer import Consumer as HueyConsumer

from portal import task_queue, work
from portal.calendars.by_mail import invitations, mailbox
from portal.calendars.free_time import finding, searches
from portal.calendars.syncing import due_accounts, following, sync
from portal.clock import now
from portal.db import db, transaction
from portal.letters import delivery, outbox
from portal.pairings.matching import runs
from portal.pairings.offers import actions as offers
from portal.pairings.prices import tables
from portal.people import versions
from portal.privacy import retention
from portal.programmes.enrolment import actions as enrolling
from portal.schedule import milestones

log = logging.getLogger(__name__)
THREADS = 4
"""Tasks wait for other servers most of the time, so a few threads do."""
STOP_SECONDS = 8
"""How long a task that is under way may take to finish at the end."""


def forget_old_links() -> None:
    """Wipe the private links of letters that never left."""
    with transaction():
        outbox.forget_links(at=now())


def resume_enrolments() -> None:
    """Put those whose pause is over back among those who wait."""
    with transaction():
        enrolling.resume_due(now())


def expire_offers() -> None:
    """Let offers go that nobody answered in time."""
    with transaction():
        offers.expire_due(now())


def follow_calendar(person_id: int) -> None:
    """Bring a person's invitations and their account in step with what their calendar should show."""
    try:
        invitations.invite(person_id)
    except Exception:  # the sweep tries again; the account must not wait for it
        log.exception("the invitations of person %s could not be brought in step", person_id)
        db.session.rollback()
    sync.sync_person(person_id)


TASKS: dict[str, Callable[[int], object]] = {
    outbox.DELIVER: delivery.deliver,
    runs.MATCH: runs.run,
    tables.PRICE: tables.price,
    offers.ACTIVATED: milestones.ensure,
    due_accounts.SYNC: sync.sync,
    versions.CALENDAR_CHANGED: follow_calendar,
    searches.FIND: finding.find,
}
"""What is called for a message with this name."""


@dataclass(frozen=True)
class Round:
    """Something done again and again, whatever is in the queue."""

    name: str
    act: Callable[[], object]
    when: Callable[[datetime], bool]


ROUNDS = (
    Round("letters.sweep", delivery.sweep, crontab(minute="*")),
    Round("pairings.sweep", runs.sweep, crontab(minute="*")),
    Round("pairings.sweep_prices", tables.sweep, crontab(minute="*")),
    Round("pairings.expire", expire_offers, crontab(minute="15")),
    Round("calendars.sweep", due_accounts.sweep, crontab(minute="*")),
    Round("calendars.follow", following.sweep, crontab(minute="*")),
    Round("calendars.invite", invitations.sweep, crontab(minute="*/10")),
    Round("calendars.read_answers", mailbox.poll, crontab(minute="*")),
    Round("calendars.find_times", searches.sweep, crontab(minute="*")),
    Round("schedule.sweep", milestones.sweep, crontab(minute="*/10")),
    Round("programmes.resume_enrolments", resume_enrolments, crontab(minute="5")),
    Round("letters.forget_old_links", forget_old_links, crontab(hour="3", minute="10")),
    Round("retention.run", retention.run, crontab(hour="3", minute="20")),
)


def engine(app: Flask) -> Any:
    """The queue with every task and round registered."""
    huey = task_queue.open_queue(app, TASKS)

    def in_context(act: Callable[[], object]) -> Callable[[], None]:
        def inside() -> None:
            with app.app_context():
                act()

        return inside

    for each in ROUNDS:
        huey.periodic_task(each.when, name=each.name)(in_context(each.act))
    return huey


class Consumer(HueyConsumer):
    """Huey's consumer, which here stops gently at both SIGTERM and Ctrl-C."""

    def __init__(self, huey: Huey) -> None:
        super().__init__(
            huey, workers=THREADS, max_delay=1.0, shutdown_timeout=STOP_SECONDS, graceful_signal="TERM"
        )
        self._signal_actions = {signal.SIGTERM: (False, True), signal.SIGINT: (False, True)}


def run(app: Flask) -> None:
    """Work until told to stop; what is under way is finished, or found again by its lease."""
    consumer = Consumer(engine(app))
    settle()
    name, stop = f"{socket.gethostname()[:60]}:{os.getpid()}", threading.Event()
    heartbeat = threading.Thread(target=_note_heartbeats, args=(app, name, stop), daemon=True)
    heartbeat.start()
    try:
        consumer.run()
    finally:
        stop.set()
        heartbeat.join(2)
        _forget_heartbeat(app, name)


def settle() -> None:
    """Leave what was loaded so far out of every later collection of garbage: it is there to stay, and walking
    through it takes a tenth of a second each time."""
    gc.collect()
    gc.freeze()


def _note_heartbeats(app: Flask, name: str, stop: threading.Event) -> None:
    """Write this worker's heartbeat into the database every few seconds."""
    while True:
        try:
            with app.app_context(), transaction():
                work.note_heartbeat(name)
        except Exception:  # a database that is away comes back; the heartbeat must not stop for it
            log.exception("could not note that the worker lives")
        if stop.wait(work.HEARTBEAT_SECONDS):
            return


def _forget_heartbeat(app: Flask, name: str) -> None:
    try:
        with app.app_context(), transaction():
            db.session.execute(db.delete(work.Heartbeat).where(work.Heartbeat.worker == name))
    except Exception:  # nothing depends on it: a silent worker is not counted for long
        log.exception("could not note that the worker stopped")
