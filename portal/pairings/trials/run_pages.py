"""Pages of match runs: start one, watch or end it, read its result, and keep it as drafts."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.clock import now
from portal.core.lifecycle import RunState
from portal.core.permissions import May
from portal.db import transaction
from portal.pairings import listing, words
from portal.pairings.matching import drafts
from portal.pairings.matching.runs import UNDER_WAY, ask_run, end_run
from portal.pairings.models import MatchRun
from portal.pairings.queries import run_for, runs_of, staffs_programme
from portal.pairings.trials import actions as trials
from portal.pairings.trials.comparison import BOARD
from portal.programmes.words import ROLES
from portal.web.access import requires
from portal.web.htmx import answer, is_htmx, redirect_to
from portal.web.numbers import id_in, page_in, version_in
from portal.web.toasts import toast

blueprint = Blueprint("runs", __name__, url_prefix="/pairings/runs")
MOST_LEFT_OVER = 5
"""How many people left over a run's page names."""


@dataclass(frozen=True)
class Findings:
    """A run's result in words, and what keeping it would do to the present drafts."""

    all_well: bool
    lines: tuple[str, ...]
    keeping: str


@blueprint.context_processor
def _template_context() -> dict[str, Any]:
    return {
        "PHASES": words.PHASES,
        "RUN_STATES": words.RUN_STATES,
        "ROLES": ROLES,
        "reasons": words.reasons,
        "points": words.points,
        "sentence": words.sentence,
        "failure": words.stored_failure,
    }


@blueprint.get("")
@requires(May.RUN_MATCHING)
def index() -> str:
    """Earlier runs of a programme."""
    programme = staffs_programme(id_in(request.args.get("programme")), current_user)
    return render_template(
        "pairings/trials/runs/index.html", programme=programme, runs=runs_of(programme.id, most=20)
    )


@blueprint.post("")
@requires(May.RUN_MATCHING)
def start() -> Response:
    """Ask for a run; one that is under way already is shown instead."""
    with transaction():
        programme = staffs_programme(id_in(request.form.get("programme")), current_user)
        run_id = ask_run(programme, by=current_user, at=now()).id
    return redirect_to(url_for("runs.show", run_id=run_id))


@blueprint.get("/<id:run_id>")
@requires(May.RUN_MATCHING)
def show(run_id: int) -> Response:
    """A run under way, or its result; `then` leads on from a trial that is done to its comparison."""
    run = run_for(run_id, current_user)
    if run.trial and run.state == RunState.DONE and "then" in request.args:
        return redirect_to(url_for("bench.compare", one=BOARD, other=run_id))
    if run.state != RunState.DONE:
        return make_response(
            render_template("pairings/trials/runs/run.html", run=run, headline=_headline(run))
        )
    proposals = listing.proposals(run.id, page=_page())

    def page() -> str:
        return render_template(
            "pairings/trials/runs/run.html",
            headline=ngettext("%(num)s pair found", "%(num)s pairs found", proposals.total),
            run=run,
            proposals=proposals,
            findings=_findings(run, proposals.total or 0),
            left_over=listing.left_over(run.id, page=1, per_page=MOST_LEFT_OVER),
        )

    return answer("pairings/trials/runs/_proposals.html", page=page, run=run, proposals=proposals)


@blueprint.get("/<id:run_id>/left-over")
@requires(May.RUN_MATCHING)
def left_over(run_id: int) -> str:
    """All whom a run could not pair, and why."""
    run = run_for(run_id, current_user)
    rows = listing.left_over(run.id, page=_page())
    return render_template("pairings/trials/runs/left_over.html", run=run, left_over=rows)


@blueprint.get("/<id:run_id>/progress")
@requires(May.RUN_MATCHING)
def progress(run_id: int) -> Response:
    """The progress of a run, which its page polls every second; once it is over, the
    whole page, or the comparison of a trial.
    """
    run = run_for(run_id, current_user)
    if run.state in UNDER_WAY and is_htmx():
        return make_response(render_template("pairings/trials/runs/_progress.html", run=run))
    if run.trial and run.state == RunState.DONE:
        return redirect_to(url_for("bench.compare", one=BOARD, other=run_id))
    return redirect_to(url_for("runs.show", run_id=run_id, then="compare" if run.trial else None))


@blueprint.post("/<id:run_id>/end")
@requires(May.RUN_MATCHING)
def end(run_id: int) -> Response:
    """Ask for the end of a run."""
    with transaction():
        ended = end_run(run_for(run_id, current_user), by=current_user, at=now())
    if not ended:
        toast(_("It was over already."), tone="warn")
    return redirect_to(url_for("runs.show", run_id=run_id))


@blueprint.post("/<id:run_id>/keep")
@requires(May.RUN_MATCHING)
def keep(run_id: int) -> Response:
    """Make drafts of what a run proposes; with `rules_too` its weights and rules become the programme's."""
    rules_too = bool(request.form.get("rules_too"))
    seen = version_in(request.form.get("seen"))
    with transaction():
        run = run_for(run_id, current_user)
        made, left_out = trials.keep(run, rules_too=rules_too, seen=seen, by=current_user, at=now())
        programme_id = run.programme_id
    toast(ngettext("%(num)s draft is on the board.", "%(num)s drafts are on the board.", made))
    if left_out:
        message = ngettext(
            "%(num)s pair was left out, since the two cannot be paired any more.",
            "%(num)s pairs were left out, since those two cannot be paired any more.",
            left_out,
        )
        toast(message, tone="warn")
    return redirect_to(url_for("board.index", programme=programme_id))


def _page() -> int:
    return page_in(request.args.get("page"))


def _headline(run: MatchRun) -> str:
    if run.state in UNDER_WAY:
        return str(_("The matching is under way"))
    return str(_("The matching failed") if run.state == RunState.FAILED else _("The matching was ended"))


def _findings(run: MatchRun, pairs: int) -> Findings:
    objective = run.objective or {}
    mentees, mentors = objective.get("mentees_unmatched", 0), objective.get("mentors_unmatched", 0)
    lines = []
    if not mentees and not mentors:
        lines.append(_("Nobody is left over."))
    if mentees:
        lines.append(_mentees_left_over(mentees, proven=not run.gap))
    if mentors:
        lines.append(ngettext("%(num)s mentor is left over.", "%(num)s mentors are left over.", mentors))
    return Findings(
        all_well=not mentees,
        lines=(*lines, *_below(run, objective.get("below_line", 0), pairs), *_proof(run)),
        keeping=drafts.replaces(run.programme_id),
    )


def _mentees_left_over(mentees: int, *, proven: bool) -> str:
    if not proven:
        return str(
            ngettext(
                "%(num)s person who wants to learn is left over.",
                "%(num)s people who want to learn are left over.",
                mentees,
            )
        )
    text = ngettext(
        "%(num)s person who wants to learn is left over; fewer is not possible by the rules and the locks.",
        "%(num)s people who want to learn are left over; fewer is not possible by the rules and the locks.",
        mentees,
    )
    return str(text)


def _below(run: MatchRun, below: int, pairs: int) -> list[str]:
    if not pairs:
        return []
    line = run.rules.get("line", 40)
    if line == "auto":
        return _auto_line(run)
    if not below:
        return [_("No pair is below the line of %(line)s points.", line=line)]
    if run.gap:
        return [
            ngettext(
                "%(num)s pair is below the line of %(line)s points.",
                "%(num)s pairs are below the line of %(line)s points.",
                below,
                line=line,
            )
        ]
    return [
        ngettext(
            "%(num)s pair is below the line of %(line)s points; this is proven to be the fewest possible.",
            "%(num)s pairs are below the line of %(line)s points; this is proven to be the fewest possible.",
            below,
            line=line,
        )
    ]


def _auto_line(run: MatchRun) -> list[str]:
    """The line that a run with "auto" has found, and who keeps it from being higher."""
    if run.line is None:
        return []
    line = words.points(run.line)
    if run.held_by is None:
        return [
            _(
                "No pair is below %(line)s points: the highest line at which nobody more is left over.",
                line=line,
            )
        ]
    return [
        _(
            "No line above %(line)s is possible without leaving somebody out: "
            "%(name)s's own best match has %(line)s points.",
            line=line,
            name=run.held_by.name,
        )
    ]


def _proof(run: MatchRun) -> list[str]:
    """Whether the plan is proven to be the best; nothing for runs from before proofs were stored."""
    if run.gap is None:
        return []
    return [
        _("Proven: no better plan exists.")
        if not run.gap
        else _("It is not proven that no better plan exists.")
    ]
