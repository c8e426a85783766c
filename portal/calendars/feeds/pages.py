"""Live feeds: the calendar text that calendar programs ask for by themselves, and the page that shows its
address.

A feed answers whoever knows its address: it looks up no session, sets no cookie and leads nowhere else. Its
ETag is made of versions, so that most answers are 304 without a document being built.
"""

import gzip
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from importlib.metadata import version
from itertools import groupby
from threading import Lock
from typing import Any

import segno
from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response as BaseResponse

from portal.calendars import entries, queries, words
from portal.calendars.feeds import links as tokens
from portal.calendars.models import FeedLink
from portal.clock import now
from portal.core.calendar import documents
from portal.core.lifecycle import PairingState
from portal.db import transaction
from portal.errors import NotFound
from portal.pairings.queries import partner
from portal.settings import current
from portal.web.access import public, signed_in
from portal.web.htmx import answer
from portal.web.numbers import id_in
from portal.web.toasts import toast

log = logging.getLogger(__name__)
blueprint = Blueprint("feeds", __name__)
MOST_BODIES = 256
MOST_BYTES = 256 * 1024
"""Bodies kept in each process: so many, none larger than this."""
FRESH = "private, max-age=300"
PACKED = "-gzip"
NOTHING = "There is no calendar at this address.\n"
"""Not translated: it is read by programs, and whose language should it be?"""
QUIET_ZONE = 4
"""Light modules around a QR code (ISO/IEC 18004, 6.3.8)."""


@dataclass(frozen=True)
class Body:
    """A feed's text, plain and packed."""

    plain: bytes
    packed: bytes


class BodyCache:
    """The latest bodies by ETag; the one unused for longest goes first."""

    def __init__(self) -> None:
        self.bodies: OrderedDict[str, Body] = OrderedDict()
        self.lock = Lock()

    def get(self, etag: str, build: Callable[[], bytes]) -> Body:
        """The body with this ETag, built unless it is there."""
        with self.lock:
            if etag in self.bodies:
                self.bodies.move_to_end(etag)
                return self.bodies[etag]
        plain = build()
        body = Body(plain, gzip.compress(plain, 6, mtime=0))
        with self.lock:
            if len(plain) <= MOST_BYTES:
                self.bodies[etag] = body
            while len(self.bodies) > MOST_BODIES:
                self.bodies.popitem(last=False)
        return body


body_cache = BodyCache()


@blueprint.get("/feeds/<token>.ics")
@public
def read(token: str) -> Response:
    """A feed; 404 alike for an address that never was, is no more, or whose person is not here any longer."""
    link = tokens.find(token)
    if link is None:
        return _marked(Response(NOTHING, 404, mimetype="text/plain"))
    link_id = link.id
    response = _marked(_feed(link, flat=request.args.get("flat") == "1"))
    if request.method == "GET":
        _note_read(link_id, tokens.was_read_lately(link, at=now()))
    return response


@blueprint.get("/calendars/feed")
@signed_in
def index() -> str:
    """The address of one's feed, and how to subscribe to it."""
    return render_template("calendars/feeds/feed.html", **_about(request.args.get("pairing", "")))


@blueprint.post("/calendars/feed/make")
@signed_in
def make() -> BaseResponse:
    """Make the address."""
    pairing = _pairing(request.form.get("pairing", ""))
    with transaction():
        tokens.link_for(current_user.id, pairing, at=now())
    toast(_("Here is the address of your calendar."))
    return _answer(pairing)


@blueprint.post("/calendars/feed/replace")
@signed_in
def replace() -> BaseResponse:
    """Another address for the same feed; the old one is dead at once."""
    return _change(
        tokens.replace, _("Your calendar has a new address. Subscribe to it anew; the old one is dead.")
    )


@blueprint.post("/calendars/feed/revoke")
@signed_in
def revoke() -> BaseResponse:
    """No address any more."""
    return _change(
        tokens.revoke, _("The address is switched off. Programs that read it find nothing any more.")
    )


def _change(act: Callable[..., object], said: str) -> BaseResponse:
    """Change the address that the reader saw; one that is another by now stays as it is."""
    pairing = _pairing(request.form.get("pairing", ""))
    with transaction():
        link = tokens.open_link(current_user.id, pairing)
        seen = link is not None and str(link.id) == request.form.get("link")
        if seen:
            act(link, at=now())
    if seen:
        toast(said)
    else:
        toast(_("The address had been changed already. This is how it is now."), tone="warn")
    return _answer(pairing)


def _answer(pairing: int | None) -> BaseResponse:
    return answer(
        "calendars/feeds/_feed.html",
        back_to=url_for("feeds.index", pairing=pairing),
        **_about(str(pairing or "")),
    )


def _pairing(said: str) -> int | None:
    """The pairing a request names, None for all of them; raises NotFound unless it is one of the reader's."""
    if not said:
        return None
    pairing_id = id_in(said)
    if not pairing_id or not queries.shown_pairings(current_user.id, pairing_id):
        raise NotFound
    return pairing_id


def _about(said: str) -> dict[str, Any]:
    """What the page shows: the address of everything, or of the one pairing said."""
    pairing_id = _pairing(said)
    link = tokens.open_link(current_user.id, pairing_id)
    address = tokens.address(link) if link else None
    webcal = f"webcal://{address.partition('://')[2]}" if address else None
    pairings = queries.shown_pairings(current_user.id)
    return {
        "link": link,
        "address": address,
        "webcal": webcal,
        "picture": picture(webcal) if webcal else None,
        "program": words.reader(link.last_reader) if link else "",
        "pairing_id": pairing_id,
        "pairs": [
            {
                "id": each.id,
                "name": partner(each, current_user.id).name,
                "is_over": each.state == PairingState.ENDED,
            }
            for each in pairings
        ],
    }


def picture(text: str) -> dict[str, Any]:
    """A QR code as an SVG path of unit squares, and the length of its side."""
    matrix = segno.make(text, error="m", micro=False).matrix
    pieces = []
    for row, line in enumerate(matrix):
        column = 0
        for dark, run in groupby(line):
            many = len(list(run))
            if dark:
                pieces.append(f"M{column + QUIET_ZONE} {row + QUIET_ZONE}h{many}v1h-{many}z")
            column += many
    return {"path": "".join(pieces), "side": len(matrix) + 2 * QUIET_ZONE}


def _feed(link: FeedLink, *, flat: bool) -> Response:
    etag = _etag(link, flat)
    changed_at = None if request.if_none_match else _last_modified(link, etag)
    packed = request.accept_encodings.quality("gzip") > 0
    if _is_known(etag, changed_at):
        response = Response(status=304, mimetype="text/calendar")
    else:
        body = body_cache.get(etag, lambda: _document(link, flat))
        response = Response(body.packed if packed else body.plain, mimetype="text/calendar")
        response.last_modified = changed_at or _last_modified(link, etag)
        if packed:
            response.headers["Content-Encoding"] = "gzip"
    response.set_etag(f"{etag}{PACKED}" if packed else etag)
    response.headers["Cache-Control"] = FRESH
    response.vary.add("Accept-Encoding")
    return response


def _is_known(etag: str, changed_at: datetime | None) -> bool:
    """Whether the one who asks has this already, packed or not (RFC 9110, 13.1)."""
    if request.if_none_match:
        return any(map(request.if_none_match.contains_weak, (etag, f"{etag}{PACKED}")))
    return request.if_modified_since == changed_at


def _document(link: FeedLink, flat: bool) -> bytes:
    """The calendar's text; what it is called is the portal's name, or the pairing's."""
    shown = entries.entries_of(link.person_id, pairing_id=link.pairing_id)
    name = current().portal_name
    if link.pairing_id is not None:
        for pairing in queries.shown_pairings(link.person_id, link.pairing_id):
            with entries.in_language_of(link.person):
                name = words.calendar_of(pairing, partner(pairing, link.person_id))
    return documents.feed(shown, name=name, flat=flat)


def _etag(link: FeedLink, flat: bool) -> str:
    """A strong validator (RFC 9110, 8.8.3): of all that the text is made of, and nothing that can be read out
    of it.
    """
    facts = (
        *(release(), link.seed, entries.stamp_of(link.person_id), flat, link.person.locale),
        *(link.person.time_zone, current().portal_name, current().public_url),
    )
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]


def _last_modified(link: FeedLink, etag: str) -> datetime:
    """The latest change known by its moment, less so many of sixteen million seconds as the ETag decides.

    Some changes, such as a new name, leave no moment behind. So Last-Modified differs when the ETag does, and
    only a client that sends back exactly this moment is told that nothing changed (as RFC 9110, 13.1.3 lets a
    server do).
    """
    return queries.changed_at(link).replace(microsecond=0) - timedelta(seconds=int(etag[:6], 16))


@lru_cache(maxsize=1)
def release() -> str:
    """The versions of what makes the text."""
    return f"{version('vice-versa-portal')} {version('tzdata')}"


def _note_read(link_id: int, lately: bool) -> None:
    """Note the reading in a short transaction of its own, after the work; not noting it harms nobody."""
    if lately:
        return
    try:
        with transaction():
            tokens.note_read(link_id, agent=request.user_agent.string, at=now())
    except SQLAlchemyError:
        log.exception("could not note that feed %s was read", link_id)


def _marked(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex"
    return response
