"""Offers drafts to the people in them: staff see first which letters would go
out, then exactly those are sent, or none.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from portal.clock import now
from portal.errors import Invalid, Stale
from portal.letters.letter import Letter
from portal.pairings import letters
from portal.pairings.matching.problem import FreeSeats, kept_apart
from portal.pairings.matching.runs import check_open
from portal.pairings.models import Pairing
from portal.pairings.offers import actions as offers
from portal.pairings.queries import drafts, hold_programme, live_pairs
from portal.people.models import Person
from portal.programmes.models import Programme


@dataclass(frozen=True)
class Sending:
    """One letter that publishing would send, and to whom. `letter` is rendered when it is asked for."""

    pairing: Pairing
    to: Person
    until: datetime

    @property
    def letter(self) -> Letter:
        return letters.offered(self.pairing, self.to, until=self.until)


@dataclass(frozen=True)
class Preview:
    """What publishing would do. `digest` changes with every change of these drafts.

    `kept_back` are drafts that cannot be offered at present: one of the two is paused, has taken back the
    role or a seat, or has asked not to meet the other.
    """

    sendings: Sequence[Sending]
    digest: str
    kept_back: Sequence[Pairing] = ()


def preview(
    programme: Programme, *, only: Collection[int] | None = None, at: datetime | None = None
) -> Preview:
    """What would be sent if all drafts of the programme, or `only` those with these ids, were published."""
    until = (at or now()) + offers.TIME_TO_ANSWER
    pairings = _drafts(programme, only)
    chosen = offerable(programme.id, pairings)
    sent = {pairing.id for pairing in chosen}
    return Preview(
        sendings=[Sending(pairing, pairing.mentee, until) for pairing in chosen],
        digest=_digest(chosen),
        kept_back=[pairing for pairing in pairings if pairing.id not in sent],
    )


def publish(
    programme: Programme, *, digest: str, by: Person, at: datetime, only: Collection[int] | None = None
) -> int:
    """Offer the drafts of a preview, and return how many. Raises Stale when they changed since (their
    digest is another), Invalid when there is none.
    """
    check_open(programme)
    hold_programme(programme.id)
    chosen = offerable(programme.id, _drafts(programme, only, held=True))
    if _digest(chosen) != digest:
        raise Stale(_("The drafts changed since you looked. Nothing was sent; look again."))
    if not chosen:
        raise Invalid(_("There is no draft to publish."))
    for pairing in chosen:
        offers.offer(pairing, by=by.id, at=at)
    return len(chosen)


def _drafts(programme: Programme, only: Collection[int] | None, *, held: bool = False) -> list[Pairing]:
    return [pairing for pairing in drafts(programme.id, held=held) if only is None or pairing.id in only]


def offerable(programme_id: int, pairings: Sequence[Pairing]) -> list[Pairing]:
    """The drafts among these that can be offered: both people wait for a match in their role, have a seat
    left beside live pairings and the drafts before, and neither has asked since not to meet the other.
    """
    seats = FreeSeats(programme_id, taken=live_pairs(programme_id), apart=kept_apart(programme_id))
    return [pairing for pairing in pairings if seats.take(pairing.mentor_id, pairing.mentee_id)]


def _digest(pairings: Sequence[Pairing]) -> str:
    facts = ";".join(f"{pairing.id}.{pairing.version}" for pairing in pairings)
    return hashlib.sha256(facts.encode()).hexdigest()
