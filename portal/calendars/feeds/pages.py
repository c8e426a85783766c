"""Live feeds, which calendar programs fetch by themselves, and the page that shows the address.

A feed answers whoever knows its address: it reads no session, sets no cookie and redirects nowhere. Its ETag
is made of versions, so most answers are 304 without a document being built.
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
from portal.calendars.feeds import links
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
"""Limits of the cache of bodies in each process: their number, and the size of each."""
FRESH = "private, max-age=300"
PACKED = "-gzip"
NOTHING = "There is no calendar at this address.\n"
"""Not translated: programs read it, and no person's language is known."""
QUIET_ZONE = 4
"""Light modules around a QR code (ISO/IEC 18004, 6.3.8)."""


@dataclass(frozen=True)
class Body:
    """A feed's text, plain and packed."""

    plain: bytes
    packed: bytes


class BodyCache:
    """The latest bodies by ETag, without those unused for longest."""

    def __init__(self) -> None:
        self.bodies: OrderedDict[str, Body] = OrderedDict()
        self.lock = Lock()

    def get(self, etag: str, build: Callable[[], bytes]) -> Body:
        """The body with this ETag, built unless it is cached."""
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
    """A feed; the same 404 for an address that is unknown or revoked, or whose person is disabled."""
    link = links.find(token)
    if link is None:
        return _marked(Response(NOTHING, 404, mimetype="text/plain"))
    link_id = link.id
    response = _marked(_feed(link, flat=request.args.get("flat") == "1"))
    if request.method == "GET":
        _note_read(link_id, links.was_read_lately(link, at=now()))
    return response


@blueprint.get("/calendars/feed")
@signed_in
def index() -> str:
    """The address of one's feed, and how to subscribe to it."""
    return render_template("calendars/feeds/feed.html", **_context(request.args.get("pairing", "")))


@blueprint.post("/calendars/feed/make")
@signed_in
def make() -> BaseResponse:
    """Make the address."""
    pairing = _pairing(request.form.get("pairing", ""))
    with transaction():
        links.link_for(current_user.id, pairing, at=now())
    toast(_("Here is the address of your calendar."))
    return _answer(pairing)


@blueprint.post("/calendars/feed/replace")
@signed_in
def replace() -> BaseResponse:
    """Another address for the same feed; the old one is invalid at once."""
    return _change(
        links.replace, _("Your calendar has a new address. Subscribe to it anew; the old one is dead.")
    )


@blueprint.post("/calendars/feed/revoke")
@signed_in
def revoke() -> BaseResponse:
    """Revoke the address."""
    return _change(
        links.revoke, _("The address is switched off. Programs that read it find nothing any more.")
    )


def _change(act: Callable[..., object], message: str) -> BaseResponse:
    """Change the address that the reader saw; if it is another by now, leave it as it is."""
    pairing = _pairing(request.form.get("pairing", ""))
    with transaction():
        link = links.open_link(current_user.id, pairing)
        seen = link is not None and str(link.id) == request.form.get("link")
        if seen:
            act(link, at=now())
    if seen:
        toast(message)
    else:
        toast(_("The address had been changed already. This is how it is now."), tone="warn")
    return _answer(pairing)


def _answer(pairing: int | None) -> BaseResponse:
    return answer(
        "calendars/feeds/_feed.html",
        back_to=url_for("feeds.index", pairing=pairing),
        **_context(str(pairing or "")),
    )


def _pairing(text: str) -> int | None:
    """The id of the pairing that a request names, None for all; raises NotFound unless it is the reader's."""
    if not text:
        return None
    pairing_id = id_in(text)
    if not pairing_id or not queries.shown_pairings(current_user.id, pairing_id):
        raise NotFound
    return pairing_id


def _context(pairing: str) -> dict[str, Any]:
    """What the page shows: the address of everything, or of one pairing."""
    pairing_id = _pairing(pairing)
    link = links.open_link(current_user.id, pairing_id)
    address = links.address(link) if link else None
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
                "id": row.id,
                "name": partner(row, current_user.id).name,
                "is_over": row.state == PairingState.ENDED,
            }
            for row in pairings
        ],
    }


def picture(text: str) -> dict[str, Any]:
    """A QR code as an SVG path of unit squares, and the length of its side."""
    matrix = segno.make(text, error="m", micro=False).matrix
    pieces = []
    for row, line in enumerate(matrix):
        column = 0
        for dark, run in groupby(line):
            length = len(list(run))
            if dark:
                pieces.append(f"M{column + QUIET_ZONE} {row + QUIET_ZONE}h{length}v1h-{length}z")
            column += length
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
    """Whether the client has this already, packed or not (RFC 9110, 13.1)."""
    if request.if_none_match:
        return any(map(request.if_none_match.contains_weak, (etag, f"{etag}{PACKED}")))
    return request.if_modified_since == changed_at


def _document(link: FeedLink, flat: bool) -> bytes:
    """The calendar's text; its name is the portal's, or that of the pairing."""
    shown = entries.entries_of(link.person_id, pairing_id=link.pairing_id)
    name = current().portal_name
    if link.pairing_id is not None:
        for pairing in queries.shown_pairings(link.person_id, link.pairing_id):
            with entries.in_language_of(link.person):
                name = words.calendar_of(pairing, partner(pairing, link.person_id))
    return documents.feed(shown, name=name, flat=flat)


def _etag(link: FeedLink, flat: bool) -> str:
    """A strong validator (RFC 9110, 8.8.3): a digest of everything that the text is made of."""
    facts = (
        *(release(), link.seed, entries.stamp_of(link.person_id), flat, link.person.locale),
        *(link.person.time_zone, current().portal_name, current().public_url),
    )
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]


def _last_modified(link: FeedLink, etag: str) -> datetime:
    """The latest recorded change, less up to sixteen million seconds that the ETag determines.

    Some changes, such as a new name, have no recorded moment. This way Last-Modified differs whenever the
    ETag does, and only a client that sends back exactly this moment is told that nothing changed (RFC 9110,
    13.1.3 allows it).
    """
    return queries.changed_at(link).replace(microsecond=0) - timedelta(seconds=int(etag[:6], 16))


@lru_cache(maxsize=1)
def release() -> str:
    """The versions of the software and data that determine the text."""
    return f"{version('vice-versa-portal')} {version('tzdata')}"


def _note_read(link_id: int, lately: bool) -> None:
    """Record the read in a short transaction of its own, after the work; failing to does no harm."""
    if lately:
        return
    try:
        with transaction():
            links.note_read(link_id, agent=request.user_agent.string, at=now())
    except SQLAlchemyError:
        log.exception("could not note that feed %s was read", link_id)


def _marked(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex"
    return response
