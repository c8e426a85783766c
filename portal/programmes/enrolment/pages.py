"""Joining a programme: what it is, and five short steps, each saved as it is done."""

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.clock import now, today
from portal.core.hours.weekly_hours import format_hours, parse_hours
from portal.core.lifecycle import ProgrammeState
from portal.db import db, transaction
from portal.errors import Invalid, NotFound, Stale
from portal.people.accounts.actions import update_profile
from portal.people.languages import parse_languages
from portal.programmes import queries, words
from portal.programmes.enrolment import actions as enrolling
from portal.programmes.enrolment.steps import draw_step, form_of, in_words, next_place, own, too_early
from portal.programmes.forms import BoundariesForm, RoleForm, SeenForm, WorkingForm
from portal.programmes.models import Enrolment, Programme
from portal.settings import current
from portal.web.access import public, signed_in
from portal.web.conflicts import Conflict, ConflictPage, Difference, conflict_answer
from portal.web.htmx import is_htmx, redirect_to
from portal.web.numbers import version_in
from portal.web.toasts import toast

blueprint = Blueprint("joining", __name__, url_prefix="/join")
OF_PERSON = ("time_zone", "hours", "languages", "style")


@blueprint.context_processor
def _words() -> dict[str, Any]:
    return words.vocabulary()


@blueprint.get("")
@public
def index() -> str:
    """What it is, for everybody; the button leads to what the reader has to do next."""
    standings = queries.standing_of(current_user) if current_user.is_authenticated else []
    theirs = {each.programme_id: each for each in standings}
    programmes = queries.open_programmes(today(ZoneInfo(current().default_time_zone)))
    return render_template("programmes/enrolment/welcome.html", programmes=programmes, standings=theirs)


@blueprint.post("/<id:programme_id>/start")
@signed_in
def start(programme_id: int) -> Response:
    """Begin, or go on where one stopped."""
    with transaction():
        programme = db.session.get(Programme, programme_id)
        if programme is None or programme.state == "draft":
            raise NotFound
        enrolling.start(programme, current_user, at=now())
    return redirect_to(url_for(".resume", programme_id=programme_id))


@blueprint.get("/<id:programme_id>")
@signed_in
def resume(programme_id: int) -> Response:
    """To the step that comes next, or to where one stands; whoever comes late reads that sign-up is over."""
    enrolment = queries.own_enrolment(programme_id, current_user.id)
    if enrolment is not None:
        return redirect(next_place(enrolment), 303)
    programme = db.session.get(Programme, programme_id)
    if programme is None or programme.state == ProgrammeState.DRAFT:
        raise NotFound
    if queries.takes_sign_ups(programme, today(ZoneInfo(current().default_time_zone))):
        return redirect(url_for(".index", _anchor=f"programme-{programme_id}"), 303)
    staff = queries.staff_names(programme_id)
    return make_response(
        render_template("programmes/enrolment/too_late.html", programme=programme, staff=staff)
    )


@blueprint.get("/<id:programme_id>/<any(role,teach,learn,working,boundaries):step>")
@signed_in
def step(programme_id: int, step: str) -> Response:
    """One step, as it was saved."""
    enrolment = own(programme_id)
    early = too_early(enrolment, step)
    if early:
        toast(_("One step before this one comes first."), tone="warn")
        return redirect_to(early)
    if is_htmx():
        return redirect_to(request.full_path.rstrip("?"))
    return make_response(draw_step(enrolment, step))


@blueprint.post("/<id:programme_id>/<any(role,teach,learn,working,boundaries):step>")
@signed_in
def save(programme_id: int, step: str) -> Response:
    """Save one step and go on to the next."""
    form = form_of(step)
    if not form.sent():
        return _again(own(programme_id), step, form)
    try:
        with transaction():
            enrolment = own(programme_id, hold=True)
            if too_early(enrolment, step):
                raise Invalid(_("One step before this one comes first. Go back to it."))
            done = SAVERS[step](enrolment, form)
    except Invalid as error:
        form.take(error)
        return _again(own(programme_id), step, form)
    except Stale as error:
        return _conflict(own(programme_id), step, form, error)
    return redirect_to(done or _after(own(programme_id), step))


def _save_role(enrolment: Enrolment, form: RoleForm) -> None:
    role = form.role.data
    values = {
        "as_mentor": role in ("mentor", "both"),
        "as_mentee": role in ("mentee", "both"),
        "mentor_capacity": form.mentor_capacity.data,
        "mentee_capacity": form.mentee_capacity.data,
    }
    enrolling.save_step(enrolment, "role", values, seen=form.version(), by=current_user)


def _save_topics(step: str) -> Callable[[Enrolment, SeenForm], None]:
    def done(enrolment: Enrolment, _form: SeenForm) -> None:
        enrolling.finish_step(enrolment, step)

    return done


def _save_working(enrolment: Enrolment, form: WorkingForm) -> None:
    values = {name: form[name].data for name in OF_PERSON}
    values["hours"] = format_hours(parse_hours(form.hours.data or ""))
    values["languages"] = parse_languages(form.languages.data or "")
    enrolling.check_open(enrolment)
    update_profile(
        enrolment.person,
        seen=version_in(form.person_seen.data),
        by=current_user.id,
        at=now(),
        **values,
    )
    enrolling.save_step(
        enrolment, "working", {"place": form.place.data}, seen=form.version(), by=current_user
    )


def _save_boundaries(enrolment: Enrolment, form: BoundariesForm) -> str | None:
    """The last step's button joins, unless somebody has joined already."""
    values = {"off_the_table": form.off_the_table.data or ""}
    enrolling.save_step(enrolment, "boundaries", values, seen=form.version(), by=current_user)
    if enrolment.state != "begun":
        return None
    enrolling.join(enrolment, at=now())
    toast(_("You have joined. We will write to you when there is a match."))
    return url_for("standing.show", programme_id=enrolment.programme_id)


SAVERS: Mapping[str, Callable[[Enrolment, Any], str | None]] = {
    "role": _save_role,
    "teach": _save_topics("teach"),
    "learn": _save_topics("learn"),
    "working": _save_working,
    "boundaries": _save_boundaries,
}


def _after(enrolment: Enrolment, step: str) -> str:
    """The step after `step` for those who are signing up; where they stand for those who only changed
    something.
    """
    if enrolment.state == "begun":
        place = min(queries.STEPS.index(step) + 1, len(queries.STEPS) - 1)
        return url_for(".step", programme_id=enrolment.programme_id, step=queries.STEPS[place])
    toast(_("Saved."))
    return next_place(enrolment)


def _again(enrolment: Enrolment, step: str, form: SeenForm) -> Response:
    """The step with what was typed and how to mend it; to htmx (after a conflict) in the place of the page's
    content.
    """
    response = make_response(draw_step(enrolment, step, form=form), 422)
    if is_htmx():
        response.headers.update({"HX-Retarget": "#main", "HX-Reselect": "#main", "HX-Reswap": "outerHTML"})
    return response


def _conflict(enrolment: Enrolment, step: str, form: SeenForm, error: Stale) -> Response:
    """Two windows said different things: the reader chooses."""
    labels = {name: field.label.text for name, field in form._fields.items()}
    labels |= {"as_mentor": words.ROLES["mentor"], "as_mentee": words.ROLES["mentee"]}
    conflict = Conflict(
        id="conflict",
        message=_("This was changed in another window. Choose what should stand."),
        differences=[
            Difference(
                labels.get(name, name), yours=in_words(name, error.yours[name]), theirs=in_words(name, value)
            )
            for name, value in error.theirs.items()
        ],
        values={**form.data, "seen": enrolment.version, "person_seen": enrolment.person.version},
        keep_url=url_for(".save", programme_id=enrolment.programme_id, step=step),
        leave_url=url_for(".step", programme_id=enrolment.programme_id, step=step),
    )
    title = str(words.STEPS[step])
    page = ConflictPage(title, title=title, section=_("Two versions"), css_class="narrow")
    return conflict_answer(conflict, page)
