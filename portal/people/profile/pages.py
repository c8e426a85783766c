"""My page: the profile, the browsers that are signed in, the password."""

from flask import Blueprint, abort, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.clock import now
from portal.db import db, transaction
from portal.errors import Invalid, Stale, TooMany
from portal.people import queries, sessions
from portal.people.accounts import actions, passwords, signin, throttling
from portal.people.accounts.forms import ChangePasswordForm
from portal.people.languages import format_languages
from portal.people.models import Person
from portal.people.profile.browsers import browser_of
from portal.people.profile.forms import STYLE_HINTS, STYLE_LABELS, ProfileForm, form_of
from portal.settings import current
from portal.web.access import signed_in
from portal.web.conflicts import Conflict, ConflictPage, Difference, conflict_answer
from portal.web.forms import PortalForm
from portal.web.htmx import answer, is_htmx, redirect_to
from portal.web.numbers import version_in
from portal.web.toasts import toast

blueprint = Blueprint("me", __name__, url_prefix="/me")


@blueprint.get("")
@signed_in
def index() -> Response:
    """One's own profile."""
    form = _profile_form()
    return answer(
        "people/profile/_profile.html", page=lambda: _profile_page(form), form=form, style_hints=STYLE_HINTS
    )


@blueprint.post("")
@signed_in
def save_profile() -> Response:
    """Save the profile; when somebody else changed it meanwhile, both values are shown."""
    form = _profile_form()
    if not form.sent():
        return _profile_again(form)
    locale_before, values = current_user.locale, form.values()
    seen = version_in(request.form.get("version"))
    try:
        with transaction():
            person = _me()
            actions.update_profile(person, seen=seen, by=person.id, at=now(), **values)
    except Stale as stale:
        return _conflict(stale, form)
    except Invalid as error:
        form.take(error)
        return _profile_again(form)
    toast(_("Your profile is saved."))
    if values["locale"] != locale_before:
        return redirect_to(url_for("me.index"))
    if not is_htmx():
        return redirect_to(url_for("me.index"))
    form = form_of(_me(), _manager(), fresh=True)
    return answer("people/profile/_profile.html", back_to="", form=form, style_hints=STYLE_HINTS)


@blueprint.get("/managers")
@signed_in
def managers() -> Response:
    """People whose name or address begins as typed, for the manager's field."""
    people = queries.suggestions(request.args.get("manager", ""), but=current_user.id)
    page = lambda: render_template("people/profile/managers.html", people=people)  # noqa: E731 - it needs no name elsewhere
    return answer("people/profile/_managers.html", page=page, people=people)


@blueprint.get("/sessions")
@signed_in
def open_sessions() -> str:
    """The browsers that are signed in."""
    rows = sessions.open_sessions(current_user.id, at=now())
    current_id = signin.session_id()
    return render_template("people/profile/sessions.html", rows=rows, here=current_id, browser_of=browser_of)


@blueprint.post("/sessions/<id:session_id>/end")
@signed_in
def end_session(session_id: int) -> Response:
    """Sign one browser out; one's own is a sign-out like any."""
    if session_id == signin.session_id():
        with transaction():
            signin.end_session()
        toast(_("You are signed out."))
        return redirect_to(url_for("account.sign_in"))
    with transaction():
        ended = sessions.end_one(current_user.id, session_id)
    if not ended:
        abort(404)
    toast(_("That browser is signed out."))
    return redirect_to(url_for("me.open_sessions"))


@blueprint.post("/sessions/end-others")
@signed_in
def end_other_sessions() -> Response:
    """Sign all other browsers out."""
    with transaction():
        signin.end_all(_me(), but=signin.session_id())
    toast(_("All other browsers are signed out."))
    return redirect_to(url_for("me.open_sessions"))


@blueprint.route("/password", methods=["GET", "POST"])
@signed_in
def password() -> Response | tuple[str, int]:
    """Change the password; all other browsers are signed out, and this one gets a new token."""
    form = ChangePasswordForm()
    if form.sent() and _new_password_will_do(form):
        password_hash = passwords.hashed(form.password.data)
        with transaction():
            person = _me()
            actions.change_password(person, password_hash=password_hash, by=person.id, at=now())
            signin.start_session(person)
        toast(_("Your password is changed. All other browsers are signed out."))
        return redirect_to(url_for("me.index"))
    return render_template("people/profile/password.html", form=form), 422 if form.errors else 200


def _me() -> Person:
    """The reader as a plain row, for actions."""
    person: Person = current_user._get_current_object()
    return person


def _manager() -> Person | None:
    return db.session.get(Person, current_user.manager_id) if current_user.manager_id else None


def _profile_form() -> ProfileForm:
    return form_of(_me(), _manager())


def _profile_page(form: ProfileForm) -> str:
    return render_template("people/profile/profile.html", form=form, style_hints=STYLE_HINTS)


def _profile_again(form: ProfileForm) -> Response:
    page = "people/profile/_profile.html"
    return answer(page, page=lambda: _profile_page(form), status=422, form=form, style_hints=STYLE_HINTS)


def _new_password_will_do(form: ChangePasswordForm) -> bool:
    account, network = current_user.email, request.remote_addr or ""
    try:
        passwords.check_strength(
            form.password.data, personal=(current_user.name, account, current().portal_name)
        )
        with transaction():
            throttling.take("change", account=account, network=network, at=now(), known=True)
    except (Invalid, TooMany) as error:
        return _refused(form, error if isinstance(error, Invalid) else Invalid(error.message))
    if not passwords.verify(current_user.password_hash, form.present.data):
        return _refused(
            form, Invalid(_("This is not your present password. Type it again."), field="present")
        )
    with transaction():
        throttling.forgive("change", account=account, network=network, at=now())
    return True


def _refused(form: PortalForm, error: Invalid) -> bool:
    form.take(error)
    return False


def _conflict(stale: Stale, form: ProfileForm) -> Response:
    """Both values of what differs; what is saved is what the form said, under the version now seen."""
    values = {field.name: field.data for field in form if field.type != "CSRFTokenField"}
    conflict = Conflict(
        id="profile",
        message=_(
            "Your profile was changed while you were editing it. Nothing of yours is lost; choose what should"
            " stand."
        ),
        differences=[
            Difference(_label(form, name), yours=_shown(name, yours), theirs=_shown(name, stale.theirs[name]))
            for name, yours in stale.yours.items()
        ],
        values={**values, "version": current_user.version},
        keep_url=url_for("me.save_profile"),
        leave_url=url_for("me.index"),
    )
    title = _("My profile")
    page = ConflictPage(title, conflict.leave_url, title, title=title, css_class="narrow stack")
    return conflict_answer(conflict, page)


def _label(form: ProfileForm, name: str) -> str:
    return str(form["manager" if name == "manager_id" else name].label.text)


def _shown(name: str, value: object) -> str:
    if name == "languages" and isinstance(value, list):
        return format_languages(value, str(get_locale() or "en"))
    if name == "manager_id" and isinstance(value, int):
        manager = db.session.get(Person, value)
        return manager.name if manager else ""
    if name == "style":
        return str(STYLE_LABELS.get(str(value), value))
    return _("nothing") if value in (None, "") else str(value)
