"""The outbox: where a letter is posted, inside the transaction that gives the reason for it.

Posting only writes a row, so a letter leaves if and only if its reason was committed. A private link is
sealed, bound to the letter's `uid`, and wiped when the letter has left.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from flask_babel import gettext as _
from sqlalchemy import select, update

from portal.clock import now
from portal.db import db
from portal.errors import Invalid
from portal.letters.letter import LINK, Letter
from portal.letters.models import OutboxLetter
from portal.settings import current
from portal.vault import Place, keyring
from portal.work import enqueue

DELIVER = "letters.deliver"
SUBJECT_LENGTH = 200
CLOSED = "closed: "
"""What a letter has for an error that was not sent since its reader's account is closed."""
LINKS_KEPT = timedelta(days=7)
"""How long a letter that has not left keeps its private link; by then the link is long over."""


def post(letter: Letter, *, to: str, person_id: int | None = None) -> OutboxLetter:
    """Queue `letter` inside the open transaction; without a mail server it is kept for staff to read. One to
    somebody whose account is closed does not leave.
    """
    at, uid = now(), str(uuid4())
    row = OutboxLetter(
        uid=uid,
        kind=letter.kind,
        to_address=to,
        person_id=person_id,
        programme_id=letter.programme_id,
        subject=" ".join(letter.subject.split())[:SUBJECT_LENGTH],
        text=letter.text,
        html=letter.html,
        sealed_link=keyring().seal(letter.link, _place(uid)) if letter.link else None,
        calendar_method=letter.calendar.method if letter.calendar else "",
        calendar_text=letter.calendar.text if letter.calendar else None,
        reply_to=letter.calendar.reply_to if letter.calendar else "",
        state="queued" if current().mail else "kept",
        next_try_at=at,
        created_at=at,
    )
    if person_id is not None and _is_closed(person_id):
        row.state, row.last_error = "failed", CLOSED
    db.session.add(row)
    db.session.flush()
    if row.state == "queued":
        enqueue(DELIVER, row.id)
    return row


def stop_letters_to(person_id: int) -> None:
    """Inside the open transaction, hold back what is on its way to somebody whose account is closed."""
    waiting = (OutboxLetter.person_id == person_id) & (OutboxLetter.state == "queued")
    db.session.execute(
        update(OutboxLetter)
        .where(waiting)
        .values(state="failed", last_error=CLOSED)
        .execution_options(synchronize_session=False)
    )


def _is_closed(person_id: int) -> bool:
    # The table by its key, since people's models are above the outbox.
    [key] = OutboxLetter.__table__.c.person_id.foreign_keys
    person = key.column.table
    closed = select(person.c.disabled_at.is_not(None)).where(person.c.id == person_id)
    return bool(db.session.scalar(closed))


def private_link(row: OutboxLetter) -> str | None:
    """The link of a letter, opened; None if it has none (any more). Raises vault.Unreadable."""
    return keyring().open(row.sealed_link, _place(row.uid)) if row.sealed_link else None


def send_again(row: OutboxLetter, *, at: datetime) -> None:
    """Queue a failed or kept letter anew; raises Invalid when it can never leave."""
    from_anew = row.state in ("failed", "kept")
    if not from_anew or current().mail is None:
        raise Invalid(_("This letter cannot be sent again. Ask the person to request a new one."))
    if row.person_id is not None and _is_closed(row.person_id):
        raise Invalid(_("The account of this person is closed. Open it again before you write to them."))
    if row.sealed_link is None and LINK in row.text:
        raise Invalid(_("The private link in this letter is over. Ask for a new letter instead."))
    row.state, row.attempts, row.next_try_at, row.last_error = "queued", 0, at, None
    row.lease_holder = row.lease_until = None
    enqueue(DELIVER, row.id)


def forget_links(*, at: datetime) -> int:
    """Wipe the private links of old letters that have not left; how many."""
    old = OutboxLetter.state.in_(("failed", "kept")) & (OutboxLetter.created_at < at - LINKS_KEPT)
    wiped: Any = db.session.execute(
        update(OutboxLetter)
        .where(old, OutboxLetter.sealed_link.is_not(None))
        .values(sealed_link=None)
        .execution_options(synchronize_session=False)
    )
    return int(wiped.rowcount)


def seal_anew(*, most: int) -> int:
    """Seal up to `most` links with the first key that another key sealed; how many, so 0
    when all are done.
    """
    first = keyring().first
    rows = db.session.scalars(
        select(OutboxLetter)
        .where(
            OutboxLetter.sealed_link.is_not(None),
            ~OutboxLetter.sealed_link.startswith(f"{first}:", autoescape=True),
        )
        .order_by(OutboxLetter.id)
        .limit(most)
    ).all()
    for row in rows:
        row.sealed_link = keyring().seal(private_link(row) or "", _place(row.uid))
    return len(rows)


def _place(uid: str) -> Place:
    return Place("letter", uid, "sealed_link")
