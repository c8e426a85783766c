"""The fairness view: by site, department, grade and role, who applied, who is matched, and how good the
matches are.
"""

from typing import Any

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.core.permissions import May
from portal.errors import NotFound
from portal.pairings import listing as directory
from portal.pairings import words
from portal.pairings.fairness import groups as fairness
from portal.pairings.fairness.groups import Group
from portal.programmes.models import Programme
from portal.programmes.queries import programme_for
from portal.programmes.words import ROLES
from portal.web.access import requires
from portal.web.htmx import answer, redirect_to
from portal.web.numbers import id_in, page_in

blueprint = Blueprint("fairness", __name__, url_prefix="/pairings/fairness")
FEW, MOST_SAID = 5, 6
KINDS: dict[str, Any] = {
    "site": _l("Site"),
    "department": _l("Department"),
    "grade": _l("Grade"),
    "role": _l("Role"),
}


@blueprint.context_processor
def _words() -> dict[str, Any]:
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
    every = fairness.applications(programme.id)
    groups = fairness.groups([each for each in every if not role or each.role == role], kind)
    rows = directory.Sliced(every=groups, page=_page(), per_page=directory.PER_PAGE, error_out=False)
    said = [sentence for group in groups for sentence in _said(group, kind)]
    about: dict[str, Any] = {
        "programme": programme,
        "kind": kind,
        "role": role,
        "rows": rows,
        "said": said[:MOST_SAID],
    }
    about |= {"more_said": max(len(said) - MOST_SAID, 0), "judged": any(group.judged for group in groups)}

    def whole() -> str:
        first = fairness.first_now(programme.id, every)
        return render_template(
            "pairings/fairness/index.html", first=first[:FEW], many_first=len(first), **about
        )

    return answer("pairings/fairness/_groups.html", page=whole, **about)


@blueprint.get("/first")
@requires(May.RUN_MATCHING)
def first() -> Response:
    """All who were left over before and stand first now."""
    programme = _programme()
    if programme is None:
        return redirect_to(url_for("board.index"))
    every = fairness.first_now(programme.id, fairness.applications(programme.id))
    rows = directory.Sliced(every=every, page=_page(), per_page=directory.PER_PAGE, error_out=False)
    return make_response(render_template("pairings/fairness/first.html", programme=programme, first=rows))


def _said(group: Group, kind: str) -> list[str]:
    """A plain sentence for what is markedly worse for a group."""
    name, said = group_name(group.name, kind), []
    if group.fewer:
        own, rest = (
            {"matched": group.matched, "applied": group.applied},
            {"rest": group.rest_matched, "others": group.rest_applied},
        )
        said.append(
            _(
                "%(group)s: %(matched)s of %(applied)s are matched, and of all others %(rest)s of"
                " %(others)s.",
                group=name,
                **own,
                **rest,
            )
        )
    if group.lower:
        about = {
            "group": name,
            "mean": words.points(group.mean or 0),
            "rest": words.points(group.rest_mean or 0),
        }
        said.append(
            _(
                "%(group)s: their matches have %(mean)s points on average, those of all others %(rest)s.",
                **about,
            )
        )
    return said


def group_name(name: Any, kind: str) -> str:
    """What a group is called."""
    if name in (None, ""):
        return _("Not known")
    if kind == "role":
        return str(ROLES[name])
    return _("Grade %(grade)s", grade=name) if kind == "grade" else str(name)


def _programme() -> Programme | None:
    """The programme asked for, or the one that is on; None for somebody who runs none. NotFound for one they
    do not run.
    """
    if "programme" not in request.args:
        return next(iter(directory.programmes_of(current_user)), None)
    programme = programme_for(id_in(request.args["programme"]), current_user)
    if programme is None:
        raise NotFound
    return programme


def _page() -> int:
    return page_in(request.args.get("page"))
