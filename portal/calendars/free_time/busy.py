"""Ask people's own calendars when they are busy: in the worker, only if they allow it, and nothing is stored.

Each person's server is asked in a thread of its own, all within one deadline. Only spans of time leave this
module. A server that fails is an outcome for that person, never a failure of the search. Passwords are opened
in the worker alone.
"""

import logging
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

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
"""Problems of a single calendar, after which the others are still asked."""


@dataclass(frozen=True)
class Answer:
    """How asking went with one person, and when they are busy: None unless their calendar was asked."""

    outcome: str
    busy: tuple[Span, ...] | None = None


@dataclass(frozen=True)
class _Question:
    """What a thread needs to ask one person's server; it does not read the database."""

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

    `own` are check-ins that the portal put there itself, which do not count. The database is read before the
    first server is asked, and that transaction ended.
    """
    until = time.monotonic() + seconds
    answers, questions = _questions(people, span, tuple(own), until)
    db.session.rollback()
    if not questions:
        return answers
    pool = ThreadPoolExecutor(max_workers=len(questions), thread_name_prefix="busy")
    futures: dict[int, Future[Answer]] = {
        person_id: pool.submit(_ask, question) for person_id, question in questions.items()
    }
    wait(futures.values(), timeout=seconds)
    pool.shutdown(wait=False, cancel_futures=True)
    return answers | {
        person_id: future.result() if future.done() else _late(person_id)
        for person_id, future in futures.items()
    }


def _late(person_id: int) -> Answer:
    log.warning("the calendar of person %s did not tell busy times in time", person_id)
    return Answer(FAILED)


def _questions(
    people: Sequence[Person], span: Span, own: tuple[Span, ...], until: float
) -> tuple[dict[int, Answer], dict[int, _Question]]:
    """The answers of those whom not to ask, and the questions for the others, by person."""
    answers: dict[int, Answer] = {}
    questions: dict[int, _Question] = {}
    allowed = choices.choices_of([person.id for person in people])
    for person in people:
        account = _account(person.id)
        if account is None:
            answers[person.id] = Answer(NOT_CONNECTED)
        elif not allowed[person.id].busy:
            answers[person.id] = Answer(NOT_ALLOWED)
        elif (credentials := _credentials(account)) is None:
            answers[person.id] = Answer(FAILED)
        else:
            questions[person.id] = _Question(
                address=account.address,
                written_to=account.calendar_url,
                is_own=account.own_calendar,
                credentials=credentials,
                zone=person.time_zone,
                allowed=rules(),
                span=span,
                own=own,
                until=until,
            )
    return answers, questions


def _account(person_id: int) -> CalendarAccount | None:
    """The connected account of a person; a suspended one is not asked."""
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
    """Ask one server for the calendars of the account, and each of them when its owner is busy.

    A calendar of our own is not asked: it holds only check-ins, which the portal knows.
    """
    try:
        with Server(question.address, question.credentials, question.allowed) as server:
            calendars = server.calendars(server.discover().url)
            skipped = question.written_to if question.is_own else None
            urls = [calendar.url for calendar in calendars if calendar.url != skipped]
            answers = [_read_if_open(server, url, question) for url in urls[:MOST_CALENDARS]]
    except Trouble as trouble:
        log.warning("busy times: %s", trouble.problem)
        return Answer(FAILED)
    except Exception as error:  # noqa: BLE001  # any defect; its text may hold what the server sent: not to be logged
        log.error("busy times failed through a defect of ours: %s", type(error).__name__)
        return Answer(FAILED)
    read = [answer for answer in answers if answer is not None]
    if answers and not read:
        return Answer(FAILED)
    is_whole = len(read) == len(urls) and all(is_complete for is_complete, _spans in read)
    busy = busy_times.merged([span for _is_complete, spans in read for span in spans])
    return Answer(ASKED if is_whole else PARTLY, busy)


def _read_if_open(server: Server, url: str, question: _Question) -> tuple[bool, list[Span]] | None:
    """Like `_read`, but None for a calendar that is closed to us. Raises Trouble with the whole server."""
    try:
        return _read(server, url, question)
    except Trouble as trouble:
        if trouble.problem not in CLOSED:
            raise
        log.warning("busy times of one calendar: %s", trouble.problem)
        return None


def _read(server: Server, url: str, question: _Question) -> tuple[bool, list[Span]]:
    """Whether all of one calendar could be read, and when its owner is busy by it. Raises Trouble, also after
    the deadline.
    """
    start, end = question.span
    spans: list[Span] = []
    is_complete = True
    for text in server.busy_texts(url, start, end):
        if time.monotonic() > question.until:
            raise Trouble("slow", "past the deadline")
        try:
            spans += busy_times.read(text, start=start, end=end, zone=question.zone)
        except Invalid:
            is_complete = False
    return is_complete, busy_times.without(spans, question.own) if url == question.written_to else spans
