"""A person's own calendar: whether it is connected, how it is doing, and what can be done about it.

Nothing here waits for a calendar server: a change is stored, a worker rings, and the page asks now and then how far it is.
"""

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, abort, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.calendars import accounts, letters
from portal.calendars.forms import SERVICES, ConnectForm, PasswordForm, Service
from portal.calendars.models import CalendarAccount
from portal.clock import now
from portal.core.reconcile import ItemState
from portal.db import db, transaction
from portal.errors import Invalid
from portal.people.models import Person
from portal.web.access import signed_in
from portal.web.htmx import answer, is_htmx, redirect_to
from portal.web.toasts import toast

room = Blueprint("calendars", __name__, url_prefix="/calendars")


@room.get("")
@signed_in
def index() -> str:
    """One's feed, and one's account."""
    return render_template("calendars/index.html", **_about(accounts.account_of(current_user.id)))


@room.get("/<id:account_id>/state")
@signed_in
def state(account_id: int) -> Response:
    """How the account is doing; asked for again and again while something is under way."""
    about = _about(accounts.own(account_id, current_user.id))
    return answer("calendars/_account.html", page=lambda: render_template("calendars/index.html", **about), **about)


@room.route("/connect", methods=["GET", "POST"])
@signed_in
def connect() -> Response | tuple[str, int]:
    """Connect an account; htmx asks here what to know of the service chosen in the form."""
    if request.method == "GET" and is_htmx():
        return render_template("calendars/_account_service.html", chosen=_service(request.args.get("service"))), 200
    form = ConnectForm()
    if form.sent() and _connected(form):
        return redirect_to(url_for("calendars.index"))
    html = render_template("calendars/connect.html", form=form, services=SERVICES, chosen=_service(form.service.data))
    return html, 422 if form.errors else 200


@room.route("/<id:account_id>/password", methods=["GET", "POST"])
@signed_in
def password(account_id: int) -> Response | tuple[str, int]:
    """Give another password."""
    form, account = PasswordForm(), accounts.own(account_id, current_user.id)
    if form.sent():
        with transaction():
            accounts.change_password(_mine(account_id), password=form.password.data, by=current_user.id, at=now())
        toast(_("The new password is stored. We try it at once."))
        return redirect_to(url_for("calendars.index"))
    return render_template("calendars/connect_password.html", form=form, account=account), 422 if form.errors else 200


@room.post("/<id:account_id>/again")
@signed_in
def again(account_id: int) -> Response:
    """Try again now."""
    with transaction():
        accounts.try_again(_mine(account_id), by=current_user.id, at=now())
    toast(_("We try it at once."))
    return redirect_to(url_for("calendars.index"))


@room.post("/<id:account_id>/put-back")
@signed_in
def put_back(account_id: int) -> Response:
    """Write anew what was deleted."""
    with transaction():
        accounts.put_back(_mine(account_id), by=current_user.id, at=now())
    toast(_("We write it anew."))
    return redirect_to(url_for("calendars.index"))


@room.post("/<id:account_id>/choose")
@signed_in
def choose(account_id: int) -> Response:
    """Write to one of the calendars there are."""
    account = accounts.own(account_id, current_user.id)
    chosen = request.form.get("calendar", "")
    if chosen not in account.detail.splitlines():
        abort(422)
    with transaction():
        accounts.choose(_mine(account_id), calendar=chosen, by=current_user.id, at=now())
    return redirect_to(url_for("calendars.index"))


@room.route("/<id:account_id>/disconnect", methods=["GET", "POST"])
@signed_in
def disconnect(account_id: int) -> Response | tuple[str, int]:
    """Ask whether the entries stay, then disconnect."""
    account = accounts.own(account_id, current_user.id)
    kept = request.form.get("entries")
    if request.method == "POST" and kept in ("keep", "remove"):
        with transaction():
            accounts.disconnect(_mine(account_id), keep_entries=kept == "keep", by=current_user.id, at=now())
        toast(
            _("Your calendar is disconnected.")
            if kept == "keep"
            else _("We take our entries out, then forget the password.")
        )
        return redirect_to(url_for("calendars.index"))
    return render_template("calendars/disconnect.html", account=account), 422 if request.method == "POST" else 200


def _service(name: str | None) -> Service:
    return SERVICES.get(name or next(iter(SERVICES)), SERVICES["other"])


def _connected(form: ConnectForm) -> bool:
    facts = {"username": form.username.data, "password": form.password.data, "calendar": form.calendar.data or None}
    try:
        with transaction():
            person = db.session.get_one(Person, current_user.id)
            accounts.connect(person, address=form.server, **facts, by=person.id, at=now())
    except Invalid as error:
        form.take(error)
        return False
    return True


def _mine(account_id: int) -> CalendarAccount:
    return accounts.own(account_id, current_user.id)


def _about(account: CalendarAccount | None) -> dict[str, Any]:
    counts = accounts.counts(account.id) if account else {}
    under_way = (
        account is not None
        and not account.problem
        and (account.state in ("connecting", "leaving") or (account.state == "connected" and account.looked_at is None))
    )
    return {
        "account": account,
        "host": urlsplit(account.address).netloc if account else "",
        "entries": counts.get(ItemState.KEPT, 0),
        "dropped": counts.get(ItemState.DROPPED, 0),
        "problem": letters.problem_words(account.problem) if account else "",
        "choices": account.detail.splitlines() if account and account.problem in letters.TO_CHOOSE else [],
        "under_way": under_way,
    }
