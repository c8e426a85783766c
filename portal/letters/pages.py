"""Staff read what was sent, kept or failed, and have a failed letter tried again. Private
links stay hidden.
"""

from flask import Blueprint, current_app, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import SearchField, SelectField
from wtforms.fields.choices import SelectChoice

from portal import audit
from portal.clock import now
from portal.core.permissions import May
from portal.db import transaction
from portal.errors import Invalid
from portal.letters import outbox, queries
from portal.letters.letter import LINK
from portal.letters.models import OutboxLetter
from portal.settings import current
from portal.vault import Unreadable
from portal.web.access import may, requires
from portal.web.htmx import is_htmx, redirect_to
from portal.web.numbers import page_in
from portal.web.toasts import toast

blueprint = Blueprint("letters", __name__, url_prefix="/letters")
PROGRAMMES_RUN_BY = "programmes_run_by"
"""The extension that knows the ids of the programmes somebody runs; programmes are above the outbox."""
STATES = {"queued": _l("Waiting"), "sent": _l("Sent"), "failed": _l("Failed"), "kept": _l("Kept here")}
CHOICES = [SelectChoice("", _l("All")), *(SelectChoice(*each) for each in STATES.items())]
TONES = {"sent": "good", "failed": "bad", "queued": "warn", "kept": ""}
TROUBLES = {
    "unreachable": _l("The mail server cannot be reached. It is tried again every minute or two."),
    "sign-in": _l("The mail server does not accept our user name and password. Check MAIL_URL."),
    "sender": _l("The mail server does not accept our sender address. Check MAIL_FROM."),
    "busy": _l("The mail server asked us to come back later."),
    "broken": _l("The connection to the mail server broke off. It is tried again."),
    "refused": _l("The mail server refused this letter for good. Check the address, then try again."),
    "address": _l("This address cannot receive letters. Correct the person's address."),
    "closed": _l("The account of this person is closed, so the letter was not sent."),
    "link": _l("The private link in this letter is over. Ask the person to request a new one."),
}


class Filter(FlaskForm):
    """What the list is narrowed to; it changes nothing, so it carries no token."""

    class Meta(FlaskForm.Meta):
        """Sent by GET."""

        csrf = False

    q = SearchField(_l("Address or subject"))
    state = SelectField(_l("State"), choices=CHOICES, validate_choice=False)


@blueprint.get("/")
@requires(May.SEE_LETTERS)
def index() -> str:
    """The list, narrowed and in pages."""
    form = Filter(request.args)
    page = queries.find(
        readable=_readable(),
        words=(form.q.data or "").strip()[:200],
        state=form.state.data or "",
        page=page_in(request.args.get("page")),
    )
    template = "letters/_list.html" if is_htmx() else "letters/index.html"
    return render_template(template, page=page, form=form, **_words(), sending=current().mail is not None)


@blueprint.get("/<id:letter_id>")
@requires(May.SEE_LETTERS)
def letter(letter_id: int) -> str:
    """One letter as plain text."""
    row = queries.one(letter_id, _readable())
    again = row.state in ("failed", "kept") and current().mail is not None
    parts, link = text_parts(row)
    return render_template("letters/letter.html", letter=row, parts=parts, link=link, again=again, **_words())


@blueprint.post("/<id:letter_id>/again")
@requires(May.SEE_LETTERS)
def again(letter_id: int) -> Response:
    """Queue a failed letter anew."""
    try:
        with transaction():
            row = queries.one(letter_id, _readable())
            outbox.send_again(row, at=now())
            audit.write(action="letter.sent_again", on="letter", id=row.id, by=current_user.id)
        toast(_("The letter is on its way again."))
    except Invalid as error:
        toast(error.message, tone="bad")
    return redirect_to(url_for("letters.letter", letter_id=letter_id))


def _readable() -> queries.Readable:
    """Which letters the reader may read: of programmes, those of the ones they run."""
    if may(May.SEE_ALL_LETTERS):
        return queries.EVERYTHING
    return queries.Readable(current_app.extensions[PROGRAMMES_RUN_BY](current_user))


def text_parts(row: OutboxLetter) -> tuple[list[str], str | None]:
    """The text cut where the private link stands, and the link itself, which is shown in demo mode only."""
    link = None
    if current().demo:
        try:
            link = outbox.private_link(row)
        except Unreadable:
            link = None
    return row.text.split(LINK), link


def trouble_words(letter: OutboxLetter) -> str:
    """Why a letter has not left, and what to do about it; "" when nothing is wrong."""
    kind, _colon, _detail = (letter.last_error or "").partition(": ")
    return str(TROUBLES.get(kind, letter.last_error or ""))


def servers_words(letter: OutboxLetter) -> str:
    """What the mail server itself said."""
    return (letter.last_error or "").partition(": ")[2]


def _words() -> dict[str, object]:
    return {"states": STATES, "tones": TONES, "trouble": trouble_words, "said": servers_words}
