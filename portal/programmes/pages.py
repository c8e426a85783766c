"""Staff's pages of programmes: the list, one programme's facts and steps, and who has joined."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import audit
from portal.clock import now, today
from portal.core.lifecycle import PROGRAMME_STEPS, ProgrammeState
from portal.core.permissions import May
from portal.db import transaction
from portal.errors import Invalid, NotFound, Stale
from portal.people.person_field import named
from portal.programmes import actions, queries, words
from portal.programmes.enrolment import actions as enrolling
from portal.programmes.forms import LateForm, ProgrammeForm, matching_data
from portal.programmes.models import Programme
from portal.settings import current
from portal.web.access import may, requires
from portal.web.conflicts import Conflict, ConflictPage, Difference, conflict_answer
from portal.web.forms import select_choices
from portal.web.htmx import answer, is_htmx, redirect_to
from portal.web.numbers import page_in
from portal.web.template_globals import day
from portal.web.toasts import toast

blueprint = Blueprint("programmes", __name__, url_prefix="/programmes")
PLAIN = (
    "name",
    "promise",
    "label",
    "starts_on",
    "ends_on",
    "sign_up_until",
    "leads",
    "cadence_every",
    "cadence_unit",
    "meetings",
    "meeting_minutes",
    "calendar_moves",
)


@blueprint.context_processor
def _words() -> dict[str, Any]:
    return words.vocabulary()


@blueprint.get("/")
@requires(May.RUN_PROGRAMMES)
def index() -> str:
    """The programmes that the reader runs."""
    return render_template("programmes/index.html", programmes=queries.all_for(current_user))


@blueprint.get("/new")
@requires(May.START_PROGRAMMES)
def new() -> str:
    """An empty form."""
    return _draw_form(_offer_staff(ProgrammeForm()), None)


@blueprint.post("/new")
@requires(May.START_PROGRAMMES)
def create() -> Response:
    """Prepare a new programme."""
    form = _offer_staff(ProgrammeForm())
    if form.sent():
        try:
            with transaction():
                made = actions.create_programme(
                    by=current_user, at=now(), staff=form.staff.data or (), **facts_of(form)
                )
                made_id = made.id
            toast(_("The programme is prepared. Open it when people may sign up."))
            return redirect_to(url_for(".show", programme_id=made_id))
        except Invalid as error:
            form.take(error)
    return make_response(_draw_form(form, None), 422)


@blueprint.get("/<id:programme_id>")
@requires(May.RUN_PROGRAMMES)
def show(programme_id: int) -> Response:
    """One programme's facts, in a form."""
    programme = theirs(programme_id)
    if is_htmx():
        return redirect_to(url_for(".show", programme_id=programme_id))
    return make_response(_draw_form(_form_of(programme), programme))


@blueprint.post("/<id:programme_id>")
@requires(May.RUN_PROGRAMMES)
def edit(programme_id: int) -> Response:
    """Change a programme's facts."""
    theirs(programme_id)
    form = _offer_staff(ProgrammeForm())
    if not form.sent():
        return _again(form, theirs(programme_id))
    staff = form.staff.data or () if "staff" in form else None
    try:
        with transaction():
            programme = theirs(programme_id)
            actions.edit_programme(
                programme, seen=form.version(), by=current_user, staff=staff, **facts_of(form)
            )
    except Invalid as error:
        form.take(error)
        return _again(form, theirs(programme_id))
    except Stale as error:
        return _conflict(form, theirs(programme_id), error)
    toast(_("Saved."))
    return redirect_to(url_for(".show", programme_id=programme_id))


@blueprint.post("/<id:programme_id>/state")
@requires(May.RUN_PROGRAMMES)
def move(programme_id: int) -> Response:
    """Open, start, finish, or take such a step back."""
    theirs(programme_id)
    wanted = request.form.get("to", "")
    if wanted not in list(ProgrammeState):
        raise Invalid(_("Choose one of the steps on the programme's page."))
    with transaction():
        actions.move_programme(theirs(programme_id), to=ProgrammeState(wanted), by=current_user, at=now())
    toast(str(words.PROGRAMME_STATES[wanted]))
    return redirect_to(url_for(".show", programme_id=programme_id))


@blueprint.post("/<id:programme_id>/let-in")
@requires(May.RUN_PROGRAMMES)
def let_in(programme_id: int) -> Response:
    """Let somebody join though sign-up is over."""
    theirs(programme_id)
    form = LateForm()
    if not form.sent():
        return _enrolments(theirs(programme_id), form, status=422)
    try:
        with transaction():
            person = named(form.name.data or "")[0]
            new = enrolling.let_in(theirs(programme_id), person, by=current_user.id, at=now())
    except Invalid as error:
        form.take(error)
        return _enrolments(theirs(programme_id), form, status=422)
    toast(
        _("%(name)s can join, and has a letter that says so.", name=person.name)
        if new
        else _("%(name)s was let in already.", name=person.name)
    )
    return redirect_to(url_for(".enrolments", programme_id=programme_id))


@blueprint.get("/<id:programme_id>/enrolments")
@requires(May.RUN_PROGRAMMES)
def enrolments(programme_id: int) -> Response:
    """Who has joined; never whom they avoid or what is off the table."""
    return _enrolments(theirs(programme_id), LateForm(formdata=None))


def _enrolments(programme: Programme, late: LateForm, *, status: int = 200) -> Response:
    asked = request.args
    given: dict[str, Any] = {
        "text": asked.get("q", "").strip()[:120],
        "role": asked.get("role", ""),
        "state": asked.get("state", ""),
        "sort": asked.get("sort", "name"),
        "page": page_in(asked.get("page")),
    }
    rows = queries.enrolments(programme.id, **given)

    def whole() -> str:
        over = queries.sign_up_is_over(programme, today(ZoneInfo(current().default_time_zone)))
        shown = {"programme": programme, "rows": rows, "asked": given, "late": late if over else None}
        return render_template("programmes/enrolments.html", **shown)

    if status != 200:
        return make_response(whole(), status)
    return answer("programmes/_enrolments.html", page=whole, programme=programme, rows=rows, asked=given)


def theirs(programme_id: int) -> Programme:
    """A programme that the reader runs; raises NotFound for all others."""
    programme = queries.programme_for(programme_id, current_user)
    if programme is None:
        raise NotFound
    return programme


def facts_of(form: ProgrammeForm) -> dict[str, Any]:
    """What the form says, as the actions take it."""
    facts: dict[str, Any] = {name: form[name].data for name in PLAIN}
    facts["promise"] = facts["promise"] or ""
    return {**facts, **form.matching()}


def _form_of(programme: Programme) -> ProgrammeForm:
    saved = {name: getattr(programme, name) for name in PLAIN}
    matching = matching_data(programme.weights, programme.rules)
    form = ProgrammeForm(formdata=None, **saved, **matching, seen=programme.version)
    form = _offer_staff(form)
    if "staff" in form:
        form.staff.data = queries.staff_of(programme.id)
    return form


def _offer_staff(form: ProgrammeForm) -> ProgrammeForm:
    """Only those who give roles say who runs a programme."""
    if may(May.GIVE_ROLES):
        form.staff.choices = select_choices(queries.possible_staff())
    else:
        del form.staff
    return form


def _draw_form(form: ProgrammeForm, programme: Programme | None) -> str:
    steps = sorted(PROGRAMME_STEPS[ProgrammeState(programme.state)]) if programme else []
    history = audit.history("programme", programme.id, limit=1) if programme else []
    return render_template(
        "programmes/programme.html", form=form, programme=programme, steps=steps, history=history
    )


def _again(form: ProgrammeForm, programme: Programme) -> Response:
    response = make_response(_draw_form(form, programme), 422)
    if is_htmx():
        response.headers.update({"HX-Retarget": "#main", "HX-Reselect": "#main", "HX-Reswap": "outerHTML"})
    return response


def _conflict(form: ProgrammeForm, programme: Programme, error: Stale) -> Response:
    """Somebody else changed the programme: both values, and the reader's choice."""
    conflict = Conflict(
        id="conflict",
        message="",
        differences=[
            Difference(
                _label(form, name), yours=_in_words(name, error.yours[name]), theirs=_in_words(name, value)
            )
            for name, value in error.theirs.items()
        ],
        values={**form.data, "seen": programme.version},
        keep_url=url_for(".edit", programme_id=programme.id),
        leave_url=url_for(".show", programme_id=programme.id),
    )
    return conflict_answer(
        conflict,
        ConflictPage(programme.name, title=programme.name, section=_("Two versions"), css_class="narrow"),
    )


def _label(form: ProgrammeForm, name: str) -> str:
    labels: Mapping[str, Any] = {"rules": _("Rules"), "weights": _("Weights")}
    return str(labels.get(name) or form[name].label.text)


def _in_words(name: str, value: Any) -> str:
    if isinstance(value, dict):
        names = {**words.WEIGHTS, **words.RULES}
        return ", ".join(
            f"{names[key]}: {words.rule(key, rule)}" for key, rule in value.items() if key in names
        )
    if name == "staff":
        known = dict(queries.possible_staff())
        return ", ".join(known.get(person_id, "") for person_id in value) or _("nobody")
    if hasattr(value, "isoformat"):
        return day(value)
    tables: dict[str, Mapping[str, Any]] = {
        "label": words.LABELS,
        "leads": words.LEADS,
        "cadence_unit": words.UNITS,
    }
    return str(tables.get(name, {}).get(value, "" if value is None else value)) or "–"
