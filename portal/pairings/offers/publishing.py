"""Publishing drafts: first what would be sent, letter by letter; then exactly that, or nothing."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from portal.clock import now
from portal.errors import Invalid, Stale
from portal.letters.letter import Letter
from portal.pairings import letters
from portal.pairings.matching import problem as candidates
from portal.pairings.matching.runs import check_open
from portal.pairings.models import Pairing
from portal.pairings.offers import actions as asking
from portal.pairings.queries import drafts, hold_programme, live_pairs
from portal.people.models import Person
from portal.programmes.models import Programme


@dataclass(frozen=True)
class Sending:
    """One letter that publishing would send, and to whom. `letter` is written when it is read."""

    pairing: Pairing
    to: Person
    until: datetime

    @property
    def letter(self) -> Letter:
        """The letter itself."""
        return letters.offered(self.pairing, self.to, until=self.until)


@dataclass(frozen=True)
class Preview:
    """What publishing would do. `digest` stands for exactly these drafts as they are now.

    `kept_back` are drafts that cannot be offered at present: one of the two is paused, has taken back the
    role or a seat, or has asked for somebody else.
    """

    sendings: Sequence[Sending]
    digest: str
    kept_back: Sequence[Pairing] = ()


def preview(
    programme: Programme, *, only: Collection[int] | None = None, at: datetime | None = None
) -> Preview:
    """What would be sent if all drafts of the programme (or `only` these) were published now."""
    until = (at or now()) + asking.TIME_TO_ANSWER
    wanted = _wanted(programme, only)
    chosen = offerable(programme.id, wanted)
    sent = {each.id for each in chosen}
    return Preview(
        sendings=[Sending(each, each.mentee, until) for each in chosen],
        digest=_digest(chosen),
        kept_back=[each for each in wanted if each.id not in sent],
    )


def publish(
    programme: Programme, *, digest: str, by: Person, at: datetime, only: Collection[int] | None = None
) -> int:
    """Offer the drafts that were looked at; how many. Raises Stale when the drafts changed since, Invalid for
    none.
    """
    check_open(programme)
    hold_programme(programme.id)
    chosen = offerable(programme.id, _wanted(programme, only, held=True))
    if _digest(chosen) != digest:
        raise Stale(_("The drafts changed since you looked. Nothing was sent; look again."))
    if not chosen:
        raise Invalid(_("There is no draft to publish."))
    for pairing in chosen:
        asking.offer(pairing, by=by.id, at=at)
    return len(chosen)


def _wanted(programme: Programme, only: Collection[int] | None, *, held: bool = False) -> list[Pairing]:
    return [each for each in drafts(programme.id, held=held) if only is None or each.id in only]


def offerable(programme_id: int, wanted: Sequence[Pairing]) -> list[Pairing]:
    """Those drafts of which both wait for a match in their role, have a seat left beside what is live and the
    drafts before, and neither has asked since not to meet the other."""
    apart = candidates.kept_apart(programme_id)
    free = candidates.FreeSeats(programme_id, there=live_pairs(programme_id), apart=apart)
    return [each for each in wanted if free.take(each.mentor_id, each.mentee_id)]


def _digest(pairings: Sequence[Pairing]) -> str:
    facts = ";".join(f"{each.id}.{each.version}" for each in pairings)
    return hashlib.sha256(facts.encode()).hexdigest()
