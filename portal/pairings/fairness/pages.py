"""The fairness pages: by site, department, grade and role, who applied, who
is matched, and how good the matches are.
"""

from typing import Any

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.core.permissions import May
from portal.errors import NotFound
from portal.pairings import listing, words
from portal.pairings.fairness import groups as fairness
from portal.pairings.fairness.groups import Group
from portal.programmes.models import Programme
from portal.programmes.queries import programme_for
from portal.programmes.words import ROLES
from portal.web.access import requires
from portal.web.htmx import answer, redirect_to
from portal.web.numbers import id_in, page_in

blueprint = Blueprint("fairness", __name__, url_prefix="/pairings/fairness")
MOST_FIRST, MOST_FINDINGS = 5, 6
"""How many people and how many sentences the page shows before it refers to more."""
KINDS: dict[str, Any] = {
    "site": _l("Site"),
    "department": _l("Department"),
    "grade": _l("Grade"),
    "role": _l("Role"),
}


@blueprint.context_processor
def _template_context() -> dict[str, Any]:
    return {"KINDS": KINDS, "ROLES": ROLES, "points": words.points, "group_name": group_name}


@blueprint.get("")
@requires(May.RUN_MATCHING)
def index() -> Response:
    """One programme's groups of one kind, of everybody or of one role."""
    programme = _programme()
    if programme is None:
        return redirect_to(url_for("board.index"))
    kind, role = request.args.get("by", ""), request.args.get("role", "")
    kind = kind if kind in KINDS else "site"
    role = role if role in fairness.ROLES and kind != "role" else ""
    applications = fairness.applications(programme.id)
    in_role = [application for application in applications if not role or application.role == role]
    groups = fairness.groups(in_role, kind)
    findings = [text for group in groups for text in _findings(group, kind)]
    context: dict[str, Any] = {
        "programme": programme,
        "kind": kind,
        "role": role,
        "rows": listing.Sliced(items=groups, page=_page(), per_page=listing.PER_PAGE, error_out=False),
        "findings": findings[:MOST_FINDINGS],
        "more_findings": max(len(findings) - MOST_FINDINGS, 0),
        "judged": any(group.judged for group in groups),
    }

    def page() -> str:
        first = fairness.first_in_next_run(programme.id, applications)
        return render_template(
            "pairings/fairness/index.html", first=first[:MOST_FIRST], first_count=len(first), **context
        )

    return answer("pairings/fairness/_groups.html", page=page, **context)


@blueprint.get("/first")
@requires(May.RUN_MATCHING)
def first() -> Response:
    """All who were left over before and therefore come first in the next run."""
    programme = _programme()
    if programme is None:
        return redirect_to(url_for("board.index"))
    people = fairness.first_in_next_run(programme.id, fairness.applications(programme.id))
    rows = listing.Sliced(items=people, page=_page(), per_page=listing.PER_PAGE, error_out=False)
    return make_response(render_template("pairings/fairness/first.html", programme=programme, first=rows))


def _findings(group: Group, kind: str) -> list[str]:
    """A plain sentence for each thing that is markedly worse for a group."""
    name, findings = group_name(group.name, kind), []
    if group.fewer:
        findings.append(
            _(
                "%(group)s: %(matched)s of %(applied)s are matched, and of all others %(rest)s of"
                " %(others)s.",
                group=name,
                matched=group.matched,
                applied=group.applied,
                rest=group.rest_matched,
                others=group.rest_applied,
            )
        )
    if group.lower:
        findings.append(
            _(
                "%(group)s: their matches have %(mean)s points on average, those of all others %(rest)s.",
                group=name,
                mean=words.points(group.mean or 0),
                rest=words.points(group.rest_mean or 0),
            )
        )
    return findings


def group_name(name: Any, kind: str) -> str:
    """The label of a group, whose `name` is "" or None where it is not known."""
    if name in (None, ""):
        return str(_("Not known"))
    if kind == "role":
        return str(ROLES[name])
    return str(_("Grade %(grade)s", grade=name)) if kind == "grade" else str(name)


def _programme() -> Programme | None:
    """The programme asked for, or the current one; None for somebody who runs none.
    Raises NotFound for one they do not run.
    """
    if "programme" not in request.args:
        return next(iter(listing.programmes_of(current_user)), None)
    programme = programme_for(id_in(request.args["programme"]), current_user)
    if programme is None:
        raise NotFound
    return programme


def _page() -> int:
    return page_in(request.args.get("page"))
