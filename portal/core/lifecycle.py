"""The states things go through, and the steps between them, as data."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from portal.errors import Invalid


class ProgrammeState(StrEnum):
    """A programme is prepared, open for sign-up, running, then over."""

    DRAFT = "draft"
    OPEN = "open"
    RUNNING = "running"
    FINISHED = "finished"


class EnrolmentState(StrEnum):
    """An enrolment is begun, complete and waiting for a match, paused until a date, or withdrawn."""

    BEGUN = "begun"
    WAITING = "waiting"
    PAUSED = "paused"
    WITHDRAWN = "withdrawn"


class RunState(StrEnum):
    """A match run waits for a worker, runs, and is then done, ended by staff or failed."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    ENDED = "ended"
    FAILED = "failed"


class PairingState(StrEnum):
    """A pairing is drafted, offered to both, active, perhaps paused, and ended; or it was declined."""

    DRAFT = "draft"
    OFFERED = "offered"
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"
    DECLINED = "declined"


class PairingEnd(StrEnum):
    """Why a pairing is over or never began. Nobody is asked for a reason of their own."""

    DISCARDED = "discarded"
    MENTEE_DECLINED = "mentee declined"
    MENTOR_DECLINED = "mentor declined"
    EXPIRED = "expired"
    BY_STAFF = "by staff"
    BY_MENTOR = "by mentor"
    BY_MENTEE = "by mentee"
    WITHDREW = "withdrew"
    COMPLETE = "complete"


class CheckInState(StrEnum):
    """A check-in is planned, was skipped, or they met."""

    PLANNED = "planned"
    SKIPPED = "skipped"
    MET = "met"


PROGRAMME_STEPS: dict[ProgrammeState, frozenset[ProgrammeState]] = {
    ProgrammeState.DRAFT: frozenset({ProgrammeState.OPEN}),
    ProgrammeState.OPEN: frozenset({ProgrammeState.DRAFT, ProgrammeState.RUNNING, ProgrammeState.FINISHED}),
    ProgrammeState.RUNNING: frozenset({ProgrammeState.OPEN, ProgrammeState.FINISHED}),
    ProgrammeState.FINISHED: frozenset({ProgrammeState.RUNNING}),
}

ENROLMENT_STEPS: dict[EnrolmentState, frozenset[EnrolmentState]] = {
    EnrolmentState.BEGUN: frozenset({EnrolmentState.WAITING, EnrolmentState.WITHDRAWN}),
    EnrolmentState.WAITING: frozenset({EnrolmentState.PAUSED, EnrolmentState.WITHDRAWN}),
    EnrolmentState.PAUSED: frozenset({EnrolmentState.WAITING, EnrolmentState.WITHDRAWN}),
    EnrolmentState.WITHDRAWN: frozenset({EnrolmentState.BEGUN}),
}

OPEN_PAIRINGS = (PairingState.DRAFT, PairingState.OFFERED, PairingState.ACTIVE, PairingState.PAUSED)
"""States in which a pairing takes a seat of both people."""

PAIRING_STEPS: dict[PairingState, frozenset[PairingState]] = {
    PairingState.DRAFT: frozenset({PairingState.OFFERED, PairingState.ENDED}),
    PairingState.OFFERED: frozenset(
        {PairingState.DRAFT, PairingState.ACTIVE, PairingState.DECLINED, PairingState.ENDED}
    ),
    PairingState.ACTIVE: frozenset({PairingState.PAUSED, PairingState.ENDED}),
    PairingState.PAUSED: frozenset({PairingState.ACTIVE, PairingState.ENDED}),
    PairingState.ENDED: frozenset({PairingState.DRAFT, PairingState.ACTIVE, PairingState.PAUSED}),
    PairingState.DECLINED: frozenset({PairingState.DRAFT}),
}
"""Staff may take an end back: to what it was before, which is why ended leads on."""

CHECK_IN_STEPS: dict[CheckInState, frozenset[CheckInState]] = {
    CheckInState.PLANNED: frozenset({CheckInState.SKIPPED, CheckInState.MET}),
    CheckInState.SKIPPED: frozenset({CheckInState.PLANNED}),
    CheckInState.MET: frozenset({CheckInState.PLANNED}),
}


State = TypeVar("State", bound=StrEnum)


def check_step(steps: Mapping[State, frozenset[State]], now: State, then: State, message: str) -> None:
    """Raise Invalid with `message` unless `then` may follow `now`."""
    if then not in steps[now]:
        raise Invalid(message)
