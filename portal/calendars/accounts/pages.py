"""Pages of a person's own calendar: connecting it, how it is doing, and what to do about trouble.

No request waits for a calendar server: a change is stored, a task enqueued for the worker, and the page asks
from time to time how far it is.
"""

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, abort, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.calendars import letters
from portal.calendars.accounts import actions as accounts
from portal.calendars.accounts.forms import KNOWN_BY, SERVICES, ConnectForm, PasswordForm, Service, service_at
from portal.calendars.models import CalendarAccount
from portal.calendars.syncing import notices
from portal.clock import now
from portal.core.calendar.sync_plan import ItemState
from portal.db import db, transaction
from portal.errors import Invalid, TooMany
from portal.people.accounts import throttling
from portal.people.models import Person
from portal.web.access import signed_in
from portal.web.forms import PortalForm
from portal.web.htmx import answer, redirect_to
from portal.web.toasts import toast

blueprint = Blueprint("calendars", __name__, url_prefix="/calendars")


@blueprint.get("")
@signed_in
def index() -> str:
    """One's feed, and one's account."""
    return render_template("calendars/accounts/index.html", **_context(accounts.account_of(current_user.id)))


@blueprint.get("/<id:account_id>/state")
@signed_in
def state(account_id: int) -> Response:
    """How the account is doing; the page polls it while something is under way."""
    context = _context(accounts.own(account_id, current_user.id))
    return answer(
        "calendars/accounts/_account.html",
        page=lambda: render_template("calendars/accounts/index.html", **context),
        **context,
    )


@blueprint.get("/connect")
@signed_in
def connect() -> str:
    """The first step: which service one's calendar is on."""
    return render_template("calendars/accounts/connect.html", services=SERVICES, known_by=KNOWN_BY)


@blueprint.route("/connect/<service>", methods=["GET", "POST"])
@signed_in
def details(service: str) -> Response | tuple[str, int]:
    """The second step: address, user name and password; filled in with what was typed before, except the
    password.
    """
    if service not in SERVICES:
        abort(404)
    account = accounts.account_of(current_user.id)
    before = account if account and accounts.failed_at_first(account) else None
    form = ConnectForm(data=_typed_before(before) if before else {"address": SERVICES[service].address})
    if form.sent() and _may_try(form):
        account_id = _connected(form, SERVICES[service])
        if account_id is not None:
            return redirect_to(url_for("calendars.outcome", account_id=account_id, service=service))
    page = render_template(
        "calendars/accounts/connect_details.html",
        form=form,
        service=service,
        about=SERVICES[service],
        more=bool(form.calendar.data),
    )
    return page, _status(form)


@blueprint.get("/<id:account_id>/test")
@signed_in
def outcome(account_id: int) -> Response:
    """The third step: whether it works, in one sentence; the page polls it until that is known."""
    account = accounts.own(account_id, current_user.id)
    service = request.args.get("service", "")
    known = service if service in SERVICES else service_at(account.address)
    context = {**_context(account), "service": known}
    return answer(
        "calendars/accounts/_outcome.html",
        page=lambda: render_template("calendars/accounts/outcome.html", **context),
        **context,
    )


@blueprint.route("/<id:account_id>/password", methods=["GET", "POST"])
@signed_in
def password(account_id: int) -> Response | tuple[str, int]:
    """Type another password."""
    form, account = PasswordForm(), accounts.own(account_id, current_user.id)
    if form.sent() and _may_try(form):
        with transaction():
            accounts.change_password(
                _mine(account_id), password=form.password.data, by=current_user.id, at=now()
            )
        toast(_("The new password is stored. We try it at once."))
        return _onwards(account_id)
    page = render_template("calendars/accounts/connect_password.html", form=form, account=account)
    return page, _status(form)


@blueprint.post("/<id:account_id>/again")
@signed_in
def again(account_id: int) -> Response:
    """Try again now."""
    with transaction():
        accounts.try_again(_mine(account_id), by=current_user.id, at=now())
    toast(_("We try it at once."))
    return _onwards(account_id)


@blueprint.post("/<id:account_id>/put-back")
@signed_in
def put_back(account_id: int) -> Response:
    """Write again what was deleted."""
    with transaction():
        accounts.put_back(_mine(account_id), by=current_user.id, at=now())
    toast(_("We write it anew."))
    return redirect_to(url_for("calendars.index"))


@blueprint.post("/<id:account_id>/choose")
@signed_in
def choose(account_id: int) -> Response:
    """Write to one of the calendars on the server."""
    account = accounts.own(account_id, current_user.id)
    chosen = request.form.get("calendar", "")
    if chosen not in account.detail.splitlines():
        abort(422)
    with transaction():
        accounts.choose(_mine(account_id), calendar=chosen, by=current_user.id, at=now())
    return _onwards(account_id)


@blueprint.route("/<id:account_id>/disconnect", methods=["GET", "POST"])
@signed_in
def disconnect(account_id: int) -> Response | tuple[str, int]:
    """Ask whether the entries stay, then disconnect."""
    account = accounts.own(account_id, current_user.id)
    entries = request.form.get("entries")
    if request.method == "POST" and entries in ("keep", "remove"):
        keep = entries == "keep"
        with transaction():
            accounts.disconnect(_mine(account_id), keep_entries=keep, by=current_user.id, at=now())
        toast(
            _("Your calendar is disconnected.")
            if keep
            else _("We take our entries out, then forget the password.")
        )
        return redirect_to(url_for("calendars.index"))
    page = render_template("calendars/accounts/disconnect.html", account=account)
    return page, 422 if request.method == "POST" else 200


def _typed_before(account: CalendarAccount) -> dict[str, str]:
    name = "" if account.own_calendar else account.calendar_name
    return {"address": account.address, "username": account.username, "calendar": name}


def _may_try(form: PortalForm) -> bool:
    """Count a try, so that nobody guesses passwords on other servers through us; put an error on the form if
    it has to wait.
    """
    key = f"person {current_user.id}"
    try:
        with transaction():
            throttling.take("calendar", account=key, network=key, at=now())
    except TooMany as wait:
        form.take(Invalid(wait.message))
        form.wait = wait
        return False
    return True


def _status(form: PortalForm) -> int:
    return 429 if hasattr(form, "wait") else 422 if form.errors else 200


def _connected(form: ConnectForm, service: Service) -> int | None:
    """The id of the new account; None if the form has errors."""
    try:
        with transaction():
            person = db.session.get_one(Person, current_user.id)
            account = accounts.connect(
                person,
                address=form.address.data or service.address,
                username=form.username.data or "",
                password=form.password.data or "",
                calendar=form.calendar.data or None,
                by=person.id,
                at=now(),
            )
            return account.id
    except Invalid as error:
        form.take(error)
        return None


def _onwards(account_id: int) -> Response:
    """To the test page while nothing has been written yet, else to one's calendars."""
    first = accounts.own(account_id, current_user.id).pushed_at is None
    return redirect_to(
        url_for("calendars.outcome", account_id=account_id) if first else url_for("calendars.index")
    )


def _mine(account_id: int) -> CalendarAccount:
    return accounts.own(account_id, current_user.id)


def _context(account: CalendarAccount | None) -> dict[str, Any]:
    counts = accounts.counts(account.id) if account else {}
    under_way = (
        account is not None
        and not account.problem
        and (
            account.state in ("connecting", "leaving")
            or (account.state == "connected" and account.looked_at is None)
        )
    )
    return {
        "account": account,
        "host": urlsplit(account.address).netloc if account else "",
        "entries": counts.get(ItemState.KEPT, 0),
        "dropped": counts.get(ItemState.DROPPED, 0),
        "problem": letters.problem_words(account.problem) if account else "",
        "choices": account.detail.splitlines() if account and account.problem in letters.TO_CHOOSE else [],
        "under_way": under_way,
        "notices": notices.latest(account.id, current_user) if account and account.pushed_at else [],
    }
