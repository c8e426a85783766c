"""Sign-in by cookie: the only place that makes, reads and ends a sign-in.

flask-login says who `current_user` is and no more: its own session and remember cookies stay valid when
copied before a sign-out, so neither is used. The cookie holds a random token; the row it stands for can be
ended at any time.
"""

import hashlib
import logging
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Request, Response, current_app, g, request, session
from flask_login import LoginManager
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy.exc import SQLAlchemyError

from portal.clock import now
from portal.db import after_commit, transaction
from portal.people import sessions
from portal.people.models import Person
from portal.settings import current

log = logging.getLogger(__name__)
MOST_REMEMBERED, KNOWN_FOR = 5, timedelta(days=400)
"""Accounts that a browser is known by, and for how long: guesses by others do not keep their owners waiting
there. 400 days is the most that browsers keep a cookie.
"""


class CookieLogin(LoginManager):
    """flask-login with the request loader alone: it neither reads nor writes Flask's session or a remember
    cookie.
    """

    def _load_user(self) -> None:
        self._update_request_context_with_user(self._load_user_from_request(request))

    def _update_remember_cookie(self, response: Response) -> Response:
        return response


def let_people_in(app: Flask) -> None:
    """Load the reader of each request by the session cookie."""
    manager = CookieLogin()
    manager.init_app(app)
    manager.request_loader(_reader)
    app.after_request(_hand_over_cookie)
    app.after_request(_note_seen)


def start_session(person: Person) -> None:
    """Sign `person` in inside the open transaction: a new token, a new CSRF secret, and the browser's old
    session ends.
    """
    old = _token(request)
    if old:
        sessions.end(old)
    _forget_browser()
    agent = request.user_agent.string
    token = sessions.begin(person.id, at=now(), address=request.remote_addr or "", agent=agent)
    were_here = [mark for mark in _were_here() if mark != _mark_of(person.email)]
    here = [_mark_of(person.email), *were_here][:MOST_REMEMBERED]
    after_commit(lambda: setattr(g, "sign_in_token", token))
    after_commit(lambda: setattr(g, "were_here", here))


def end_session() -> None:
    """Sign this browser out, inside the open transaction."""
    token = _token(request)
    if token:
        sessions.end(token)
    _forget_browser()
    after_commit(lambda: setattr(g, "sign_in_token", ""))


def end_all(person: Person, but: int | None = None) -> int:
    """Sign `person` out everywhere, inside the open transaction, except perhaps in the session `but`; how
    many ended.
    """
    return sessions.end_all(person.id, but=but)


def remember(name: str, value: str) -> None:
    """Keep something in this browser until somebody signs in or out; it is signed, and readable for its
    owner.
    """
    session[name] = value


def remembered(name: str) -> str | None:
    """What `remember` kept in this browser."""
    return session.get(name)


def was_here(email: str) -> bool:
    """Whether somebody was signed in to this account in this browser before: its cookie is signed."""
    return _mark_of(email) in _were_here()


def _were_here() -> list[str]:
    try:
        marks: list[str] = _signer().loads(request.cookies.get(current_app.config["KNOWN_COOKIE"], ""))
    except BadData:
        return []
    return marks


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="accounts of this browser")


def _mark_of(email: str) -> str:
    return hashlib.sha256(email.lower().encode()).hexdigest()[:16]


def session_id() -> int | None:
    """The id of the session this request came with."""
    session_row_id: int | None = g.get("user_session_id")
    return session_row_id


def _reader(asked: Request) -> Person | None:
    token = _token(asked)
    if not token or g.get("reader_unknown"):
        return None
    g.reader_unknown = True  # should the database fail here, the error's own page must not ask it again
    at = now()
    session_row = sessions.find(token, at=at)
    g.reader_unknown = False
    if session_row is None:
        return None
    g.user_session_id = session_row.id
    if at - session_row.seen_at >= sessions.SEEN_EVERY:
        g.session_seen_at = at
    return session_row.person


def _token(asked: Request) -> str:
    return asked.cookies.get(current_app.config["SIGN_IN_COOKIE"], "")[:200]


def _forget_browser() -> None:
    session.clear()
    g.pop("csrf_token", None)


def _note_seen(response: Response) -> Response:
    """Note that the session is in use, in a short transaction of its own after the work; not noting it harms
    nobody.
    """
    seen_at: datetime | None = g.pop("session_seen_at", None)
    if seen_at is not None and "sign_in_token" not in g:
        try:
            with transaction():
                sessions.note_seen(g.user_session_id, at=seen_at)
        except SQLAlchemyError:
            log.exception("could not note that session %s was seen", g.user_session_id)
    return response


def _hand_over_cookie(response: Response) -> Response:
    token: str | None = g.get("sign_in_token")
    if token is None:
        return response
    attributes: dict[str, Any] = {"path": "/", "secure": current().https, "httponly": True, "samesite": "Lax"}
    name = current_app.config["SIGN_IN_COOKIE"]
    if token:
        response.set_cookie(name, token, max_age=sessions.LONGEST, **attributes)
    else:
        response.delete_cookie(name, **attributes)
    if here := g.get("were_here"):
        known = current_app.config["KNOWN_COOKIE"]
        response.set_cookie(known, str(_signer().dumps(here)), max_age=KNOWN_FOR, **attributes)
    return response
