"""When people are busy, asked of their own calendars by the worker, only where they allow it, and never kept.

Each person's server is asked in a thread of its own, all within one deadline. Nothing but spans of time
leaves this file. A server that fails is a word about that person, never a failure of the search. Passwords
are opened in the worker alone.
"""

import logging
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from portal.calendars import choices
from portal.calendars.free_time.outcomes import ASKED, FAILED, NOT_ALLOWED, NOT_CONNECTED, PARTLY
from portal.calendars.models import CalendarAccount
from portal.calendars.server import Server
from portal.calendars.syncing.passwords import place
from portal.calendars.wire.addresses import Rules, Trouble, rules
from portal.calendars.wire.credentials import Credentials
from portal.core.calendar import busy_times
from portal.core.hours.common_time import Span
from portal.db import db
from portal.errors import Invalid
from portal.people.models import Person
from portal.vault import Unreadable, keyring

log = logging.getLogger(__name__)
DEADLINE_SECONDS = 25.0
"""How long all servers together may take."""
MOST_CALENDARS = 20
CLOSED = ("not-allowed", "calendar-gone", "bad-answer", "too-large")
"""Troubles of one calendar alone, after which the others are still asked."""


@dataclass(frozen=True)
class Answer:
    """How asking went with one person, and when they are busy: None unless their calendar was asked."""

    outcome: str
    busy: tuple[Span, ...] | None = None


@dataclass(frozen=True)
class _Question:
    """All that a thread needs to ask one person's server; it reads no database."""

    address: str
    written_to: str
    is_own: bool
    credentials: Credentials
    zone: str
    allowed: Rules
    span: Span
    own: tuple[Span, ...]
    until: float


def ask(
    people: Sequence[Person], span: Span, *, own: Sequence[Span] = (), seconds: float = DEADLINE_SECONDS
) -> dict[int, Answer]:
    """Ask the calendars of these people when they are busy within a span (UTC), all in `seconds`; by person.

    `own` are check-ins that the portal has put there itself and that do not count. It reads the database
    before the first server is asked, and ends the reading transaction.
    """
    until = time.monotonic() + seconds
    answers, questions = _questions(
        people, {"span": span, "own": tuple(own), "until": until, "allowed": rules()}
    )
    db.session.rollback()
    if not questions:
        return answers
    pool = ThreadPoolExecutor(max_workers=len(questions), thread_name_prefix="busy")
    asked: dict[int, Future[Answer]] = {who: pool.submit(_ask, each) for who, each in questions.items()}
    wait(asked.values(), timeout=seconds)
    pool.shutdown(wait=False, cancel_futures=True)
    return answers | {who: each.result() if each.done() else _late(who) for who, each in asked.items()}


def _late(person_id: int) -> Answer:
    log.warning("the calendar of person %s did not tell busy times in time", person_id)
    return Answer(FAILED)


def _questions(
    people: Sequence[Person], about: dict[str, Any]
) -> tuple[dict[int, Answer], dict[int, _Question]]:
    """Whom not to ask, and why; and what to ask the others."""
    answers: dict[int, Answer] = {}
    questions: dict[int, _Question] = {}
    allowed = choices.choices_of([each.id for each in people])
    for person in people:
        account = _account(person.id)
        if account is None:
            answers[person.id] = Answer(NOT_CONNECTED)
        elif not allowed[person.id].busy:
            answers[person.id] = Answer(NOT_ALLOWED)
        elif (credentials := _credentials(account)) is None:
            answers[person.id] = Answer(FAILED)
        else:
            where = (account.address, account.calendar_url, account.own_calendar)
            questions[person.id] = _Question(*where, credentials=credentials, zone=person.time_zone, **about)
    return answers, questions


def _account(person_id: int) -> CalendarAccount | None:
    """The connected account of a person; one that is suspended is not bothered."""
    query = select(CalendarAccount).where(
        CalendarAccount.person_id == person_id, CalendarAccount.state == "connected"
    )
    return db.session.scalars(query.order_by(CalendarAccount.id.desc()).limit(1)).one_or_none()


def _credentials(account: CalendarAccount) -> Credentials | None:
    try:
        password = keyring().open(account.sealed_password or "", place(account.uid))
    except Unreadable:
        return None
    return Credentials(account.username, password, account.scheme)


def _ask(question: _Question) -> Answer:
    """Ask one server for the calendars of the account, and each when its owner is busy.

    A calendar of our own holds nothing but check-ins, which the portal knows; it is not asked.
    """
    try:
        with Server(question.address, question.credentials, question.allowed) as server:
            found = server.calendars(server.discover().url)
            skipped = question.written_to if question.is_own else None
            urls = [each.url for each in found if each.url != skipped]
            told = [_told(server, url, question) for url in urls[:MOST_CALENDARS]]
    except Trouble as trouble:
        log.warning("busy times: %s", trouble.problem)
        return Answer(FAILED)
    except Exception as error:  # noqa: BLE001  # any defect; its text may hold what the server sent, which is for no log
        log.error("busy times failed through a defect of ours: %s", type(error).__name__)
        return Answer(FAILED)
    heard = [each for each in told if each is not None]
    if told and not heard:
        return Answer(FAILED)
    whole = len(heard) == len(urls) and all(read for read, _spans in heard)
    return Answer(
        ASKED if whole else PARTLY, busy_times.merged([each for _read, spans in heard for each in spans])
    )


def _told(server: Server, url: str, question: _Question) -> tuple[bool, list[Span]] | None:
    """As `_read`; None when this calendar is closed to us. Raises Trouble that concerns the whole server."""
    try:
        return _read(server, url, question)
    except Trouble as trouble:
        if trouble.problem not in CLOSED:
            raise
        log.warning("busy times of one calendar: %s", trouble.problem)
        return None


def _read(server: Server, url: str, question: _Question) -> tuple[bool, list[Span]]:
    """When one calendar says its owner is busy, and whether all of it could be read; raises Trouble after the
    deadline.
    """
    start, end = question.span
    spans: list[Span] = []
    whole = True
    for text in server.busy_texts(url, start, end):
        if time.monotonic() > question.until:
            raise Trouble("slow", "past the deadline")
        try:
            spans += busy_times.read(text, start=start, end=end, zone=question.zone)
        except Invalid:
            whole = False
    return whole, busy_times.without(spans, question.own) if url == question.written_to else spans
