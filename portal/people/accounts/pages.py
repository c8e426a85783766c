"""Getting in and out: sign-up, confirmation, sign-in, sign-out, reset.

What is known of an address never shows: each answer has the same words, status and cost for known and unknown
ones, and the rest is said in a letter. Passwords are hashed before a transaction opens; guesses are counted
before they are judged.
"""

import hashlib
import logging

from flask import Blueprint, g, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.wrappers import Response

from portal.clock import now
from portal.db import db, transaction
from portal.errors import Invalid, TooMany
from portal.people import queries
from portal.people.accounts import actions, links, passwords, signin, throttling
from portal.people.accounts.forms import AskResetForm, ConfirmForm, NewPasswordForm, SignInForm, SignUpForm
from portal.people.accounts.links import LinkKind, Over
from portal.people.models import Person
from portal.people.zones import is_zone
from portal.settings import current
from portal.web.access import local_path, public
from portal.web.forms import PortalForm
from portal.web.htmx import redirect_to
from portal.web.toasts import toast

log = logging.getLogger(__name__)
blueprint = Blueprint("account", __name__)
AFTER_CONFIRMING = "/join"
SIGNED_UP = "signed_up"
ATTEMPTS = 5
SENT_TO = "letter_sent_to"


@blueprint.route("/sign-up", methods=["GET", "POST"])
@public
def sign_up() -> Response | tuple[str, int]:
    """Sign up; a letter follows, whatever is known of the address."""
    if current_user.is_authenticated:
        return redirect_to(_next() or _home())
    form = SignUpForm()
    if (
        form.sent()
        and _strong(form, form.name.data, form.email.data)
        and _may_try(form, "sign-up", form.email.data)
    ):
        password_hash = passwords.hashed(form.password.data)
        _register(form, password_hash)
        signin.remember(SIGNED_UP, passwords.fingerprint(password_hash))
        signin.remember(SENT_TO, form.email.data)
        return redirect_to(url_for("account.sign_up_sent"))
    return _form_page("people/accounts/sign_up.html", form, domains=current().allowed_email_domains)


@blueprint.get("/sign-up/sent")
@public
def sign_up_sent() -> str:
    """Where to look now."""
    return _sent_page("people/accounts/sign_up_sent.html")


@blueprint.route("/confirm/<token>", methods=["GET", "POST"])
@public
def confirm(token: str) -> Response | tuple[str, int]:
    """One button, so that programs which open every link in a letter use nothing up.

    A browser that did not sign up itself is asked for the password: else somebody could sign up with
    another's address and a password of their own, and wait for the other to confirm it.
    """
    proof = links.look_at(token, LinkKind.CONFIRM, at=now())
    if proof is None:
        return _over(token, url_for("account.sign_up"), _("Sign up again"))
    form, same_browser = ConfirmForm(), signin.remembered(SIGNED_UP) == proof.link.password_digest
    if form.sent() and (same_browser or _right_password(form, proof.person, form.password.data or "")):
        try:
            with transaction():
                signin.start_session(actions.confirm(token, at=now()))
        except Invalid:
            return _over(token, url_for("account.sign_up"), _("Sign up again"))
        toast(_("Your address is confirmed. Welcome!"))
        return redirect_to(_next() or AFTER_CONFIRMING)
    return _form_page("people/accounts/confirm.html", form, person=proof.person, same_browser=same_browser)


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> Response | tuple[str, int]:
    """Sign in, and go on to where one wanted to go."""
    if current_user.is_authenticated:
        return redirect_to(_next() or _home())
    form = SignInForm()
    if form.sent():
        person = queries.by_address(form.email.data)
        held = _right_password(form, person, form.password.data)
        if held and person is not None:
            with transaction():
                same = _still_holds(person, held)
                if same:
                    signin.start_session(person)
            if same:
                log.info("person %s signed in", person.id)
                return redirect_to(_next() or _home())
            form.take(Invalid(_wrong(False)))
    return _form_page("people/accounts/sign_in.html", form)


@blueprint.post("/sign-out")
@public
def sign_out() -> Response:
    """End this browser's session; anybody may, so that an old page's button works as well."""
    with transaction():
        signin.end_session()
    toast(_("You are signed out."))
    return redirect_to(url_for("account.sign_in"))


@blueprint.route("/reset", methods=["GET", "POST"])
@public
def reset() -> Response | tuple[str, int]:
    """Ask for a link to choose a new password."""
    form = AskResetForm()
    if form.sent() and _may_try(form, "reset", form.email.data):
        passwords.verify(None, form.email.data)  # so that the letter's cost does not stand out
        with transaction():
            actions.ask_reset(form.email.data, at=now())
        signin.remember(SENT_TO, form.email.data)
        return redirect_to(url_for("account.reset_sent"))
    return _form_page("people/accounts/reset.html", form)


@blueprint.get("/reset/sent")
@public
def reset_sent() -> str:
    """Where to look now."""
    return _sent_page("people/accounts/reset_sent.html")


@blueprint.route("/reset/<token>", methods=["GET", "POST"])
@public
def new_password(token: str) -> Response | tuple[str, int]:
    """Choose a new password; whoever was signed in as this person is not any more."""
    proof = links.look_at(token, LinkKind.RESET, LinkKind.WELCOME, at=now())
    if proof is None:
        return _over(token, url_for("account.reset"), _("Send a new link"))
    form = NewPasswordForm()
    if form.sent() and _strong(form, proof.person.name, proof.person.email):
        password_hash = passwords.hashed(form.password.data)
        try:
            with transaction():
                person = actions.reset_password(token, password_hash=password_hash, at=now())
                signin.start_session(person)
        except Invalid:
            return _over(token, url_for("account.reset"), _("Send a new link"))
        toast(_("Your new password is set, and you are signed in."))
        return redirect_to(_home())
    welcome = proof.link.kind == LinkKind.WELCOME
    return _form_page("people/accounts/new_password.html", form, person=proof.person, welcome=welcome)


def _register(form: SignUpForm, password_hash: str) -> None:
    zone = form.time_zone.data if is_zone(form.time_zone.data or "") else current().default_time_zone
    locale = str(get_locale() or "en")
    facts = {
        "name": form.name.data,
        "email": form.email.data,
        "password_hash": password_hash,
        "time_zone": zone,
    }
    for left in reversed(range(ATTEMPTS)):
        try:
            with transaction():
                actions.register(**facts, locale=locale, at=now(), then=_next())
            return
        except (
            IntegrityError,
            StaleDataError,
        ):  # the same form, sent several times at once: another one was first
            if not left:
                raise


def _still_holds(person: Person, password_hash: str) -> bool:
    """Whether the password just judged is still the person's, and they may come in: a reset may have come
    between.
    """
    db.session.refresh(person, with_for_update={"key_share": True})
    return person.is_active and person.password_hash == password_hash


def _right_password(form: PortalForm, person: Person | None, password: str) -> str | None:
    """Judge a password for `form`; counted beforehand, and taken back when right. The hash that holds now, or
    None.
    """
    account = person.email if person else (form["email"].data or "")
    confirming = isinstance(form, ConfirmForm)
    if not _may_try(form, "sign-in", account):
        return None
    seen = person.password_hash if person else None
    right = passwords.verify(seen, password) and person is not None and (person.is_active or confirming)
    if not right or person is None or seen is None:
        log.info("sign-in refused: account %s, from %s, request %s", _digest(account), *_request_marks())
        form.take(Invalid(_wrong(confirming), field="password" if confirming else None))
        return None
    renewed = passwords.hashed(password) if passwords.needs_rehash(seen) and not confirming else None
    with transaction():
        throttling.forgive("sign-in", account=account, network=request.remote_addr or "", at=now())
        if renewed:
            actions.renew_hash(person, seen=seen, password_hash=renewed)
    return renewed or seen


def _digest(account: str) -> str:
    """An account in the log: the same for the same address, which it does not tell."""
    return hashlib.sha256(account.lower().encode()).hexdigest()[:16]


def _request_marks() -> tuple[str, str]:
    return request.remote_addr or "-", g.get("request_id", "-")


def _wrong(confirming: bool) -> str:
    if confirming:
        return _("This is not the password chosen at sign-up. Try again, or sign up anew.")
    return _(
        "This address and password do not belong together. Check both, or choose a new password. "
        "If you have just signed up, first use the link in our letter."
    )


def _may_try(form: PortalForm, what: str, account: str) -> bool:
    """Count a try; say so on the form when it has to wait."""
    try:
        with transaction():
            known, network = signin.was_here(account), request.remote_addr or ""
            throttling.take(what, account=account, network=network, at=now(), known=known)
    except TooMany as wait:
        form.take(Invalid(wait.message))
        form.wait = wait
        return False
    return True


def _strong(form: PortalForm, *personal: str) -> bool:
    try:
        passwords.check_strength(form["password"].data, personal=(*personal, current().portal_name))
    except Invalid as error:
        form.take(error)
        return False
    return True


def _form_page(template: str, form: PortalForm, **context: object) -> Response | tuple[str, int]:
    wait: TooMany | None = getattr(form, "wait", None)
    status = wait.status if wait else 422 if form.errors else 200
    html = render_template(template, form=form, next=_next(), **context)
    if wait is None:
        return html, status
    return Response(html, status, mimetype="text/html", headers={"Retry-After": str(wait.seconds)})


def _sent_page(template: str) -> str:
    unsent = current().mail is None
    return render_template(template, email=signin.remembered(SENT_TO), minutes=links.MINUTES, unsent=unsent)


def _over(token: str, url: str, label: str) -> tuple[str, int]:
    """The page for a link that is not good (any more), with why, and the way on."""
    db.session.rollback()
    why = {
        Over.USED: _("It was used already, and works once. You can sign in."),
        Over.REPLACED: _("Another link, of a later letter or of an earlier one, was used in its place."),
        Over.OLD: _("It is too old by now. Nothing is lost: a new one is there in a minute."),
        Over.UNKNOWN: _("It is not whole, or so old that we do not know it any more."),
    }[links.why_over(token, at=now())]
    return render_template("people/accounts/link_over.html", why=why, again_url=url, again_label=label), 410


def _next() -> str | None:
    return local_path(request.values.get("next"))


def _home() -> str:
    return url_for("front.home")
