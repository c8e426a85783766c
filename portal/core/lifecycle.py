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


State = TypeVar("State", bound=StrEnum)


def check_step(steps: Mapping[State, frozenset[State]], now: State, then: State, message: str) -> None:
    """Raise Invalid with `message` unless `then` may follow `now`."""
    if then not in steps[now]:
        raise Invalid(message)
