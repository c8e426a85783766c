"""Delivery: a letter is claimed, handed to the mail server outside any transaction, and its fate written
down.

Killed between the server's yes and our commit, a letter leaves twice rather than never; both carry the same
Message-ID, made of its uid, by which mail systems recognise the second. Trouble of the whole server counts
against no letter: each waits a minute or so, for as long as it takes. Trouble with one letter doubles the
wait up to six hours and ends after about three days.
"""

import html
import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from sqlalchemy import or_, select, update

from portal import work
from portal.clock import now
from portal.db import db, transaction
from portal.letters import smtp
from portal.letters.letter import LINK
from portal.letters.models import OutboxLetter
from portal.letters.outbox import private_link
from portal.letters.smtp import NotSent, Trouble
from portal.settings import Mail, Settings, current
from portal.vault import Unreadable

log = logging.getLogger(__name__)
LEASE_SECONDS = 150
"""Longer than connecting and handing over can take (smtp.WHOLE_SECONDS), so that two workers never hold one
letter.
"""
FIRST_WAIT, LONGEST_WAIT = 30, 6 * 3600
MOST_ATTEMPTS = 21
"""With the waits above: about three days."""
SERVER_WAIT = 60
ROUND = 200


@dataclass(frozen=True)
class Parcel:
    """A claimed letter, ready to leave: what the claim's transaction read."""

    id: int
    holder: str
    to: str
    attempts: int
    message: EmailMessage | None
    trouble: NotSent | None


def deliver(letter_id: int) -> bool:
    """Try to send one letter, if it is due and nobody else holds it. False when the whole mail server is in
    trouble.
    """
    mail = current().mail
    parcel = _claim(int(letter_id)) if mail else None
    if mail is None or parcel is None:
        return True
    try:
        _send(parcel, mail)
    except NotSent as trouble:
        log.warning("letter %s did not leave: %s", parcel.id, trouble.message)
        _note_trouble(parcel, trouble)
        return not trouble.whole_server
    _settle(
        parcel, state="sent", sent_at=now(), attempts=parcel.attempts + 1, last_error=None, sealed_link=None
    )
    return True


def sweep() -> int:
    """Send what is due and was not rung for, or whose worker died; how many were tried. Ends when the server
    is down.
    """
    if current().mail is None:
        return 0
    tried = 0
    for letter_id in due(at=now(), most=ROUND):
        tried += 1
        if not deliver(letter_id):
            break
    return tried


def due(*, at: datetime, most: int) -> list[int]:
    """The letters that wait to be sent at a moment, the longest due first."""
    free = or_(OutboxLetter.lease_until.is_(None), OutboxLetter.lease_until < at)
    query = select(OutboxLetter.id).where(
        OutboxLetter.state == "queued", OutboxLetter.next_try_at <= at, free
    )
    ids = list(db.session.scalars(query.order_by(OutboxLetter.next_try_at, OutboxLetter.id).limit(most)))
    db.session.rollback()
    return ids


def wait_after(attempts: int) -> timedelta:
    """How long to wait after that many attempts: doubling, with a quarter of chance so that letters do not
    march in step.
    """
    seconds = min(FIRST_WAIT * 2 ** max(attempts - 1, 0), LONGEST_WAIT)
    return timedelta(seconds=seconds + secrets.randbelow(seconds // 4 + 1))


def compose(row: OutboxLetter, link: str | None, settings: Settings) -> EmailMessage:
    """The whole message; the same letter gives the same one each time. Raises ValueError for an impossible
    address.
    """
    domain = settings.mail_from.rpartition("@")[2]
    message = EmailMessage(policy=SMTP)
    message["Message-ID"] = f"<{row.uid}@{domain}>"
    message["Date"] = format_datetime(row.created_at)
    message["From"] = Address(settings.portal_name, addr_spec=settings.mail_from)
    message["To"] = Address(addr_spec=row.to_address)
    message["Subject"] = row.subject
    if row.reply_to:
        message["Reply-To"] = Address(settings.portal_name, addr_spec=row.reply_to)
    if not row.calendar_method:
        message["Auto-Submitted"] = "auto-generated"
    message.set_content(row.text.replace(LINK, link or ""))
    message.add_alternative(row.html.replace(LINK, html.escape(link or "")), subtype="html")
    message.set_boundary(f"part-{row.uid}")
    if row.calendar_method and row.calendar_text:
        _add_invitation(message, row.calendar_method, row.calendar_text)
        message.set_boundary(f"whole-{row.uid}")
    return message


def _add_invitation(message: EmailMessage, method: str, text: str) -> None:
    """Put the calendar beside text and HTML, where mail programs look for it (RFC 6047), and as a file for
    the others.

    Such a letter is not marked Auto-Submitted: some programs then offer no answer. It is base64, since a line
    that is broken or loses its last space on the way means something else.
    """
    message.add_alternative(
        text, subtype="calendar", charset="utf-8", cte="base64", params={"method": method}
    )
    message.add_attachment(text.encode(), maintype="application", subtype="ics", filename="invite.ics")


def _claim(letter_id: int) -> Parcel | None:
    with transaction():
        ready = (OutboxLetter.state == "queued") & (OutboxLetter.next_try_at <= now())
        holder = work.claim(OutboxLetter, letter_id, seconds=LEASE_SECONDS, where=ready)
        row = db.session.get(OutboxLetter, letter_id) if holder else None
        if row is None or holder is None:
            return None
        message, trouble = _composed(row)
        return Parcel(row.id, holder, row.to_address, row.attempts, message, trouble)


def _composed(row: OutboxLetter) -> tuple[EmailMessage | None, NotSent | None]:
    try:
        link = private_link(row)
        if link is None and LINK in row.text:
            return None, NotSent(Trouble.LINK, "wiped")
        return compose(row, link, current()), None
    except Unreadable as error:
        return None, NotSent(Trouble.LINK, error.message)
    except (ValueError, MessageError) as error:
        return None, NotSent(Trouble.ADDRESS, str(error))


def _send(parcel: Parcel, mail: Mail) -> None:
    if parcel.message is None:
        raise parcel.trouble or NotSent(Trouble.ADDRESS, parcel.to)
    smtp.hand_over(parcel.message, mail, sender=current().mail_from, to=parcel.to)


def _note_trouble(parcel: Parcel, trouble: NotSent) -> None:
    if trouble.whole_server:
        wait = timedelta(seconds=SERVER_WAIT + secrets.randbelow(SERVER_WAIT))
        _settle(parcel, next_try_at=now() + wait, last_error=trouble.message)
        return
    attempts = parcel.attempts + 1
    state = "failed" if trouble.permanent or attempts >= MOST_ATTEMPTS else "queued"
    again = now() + wait_after(attempts)
    _settle(parcel, state=state, attempts=attempts, next_try_at=again, last_error=trouble.message)


def _settle(parcel: Parcel, **values: object) -> None:
    """Write a claimed letter's fate, unless the lease ran out and somebody else took it meanwhile."""
    with transaction():
        db.session.execute(
            update(OutboxLetter)
            .where(OutboxLetter.id == parcel.id, OutboxLetter.lease_holder == parcel.holder)
            .values(lease_holder=None, lease_until=None, **values)
            .execution_options(synchronize_session=False)
        )
