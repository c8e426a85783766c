"""Pages of trials: staff try other weights, rules and pairs, and compare the plan with the board or another
run before anything changes. (The blueprint is called "bench".)
"""

from typing import Any

from flask import Blueprint, make_response, render_template, request, url_for
from flask_babel import format_decimal
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.clock import now
from portal.core.lifecycle import RunState
from portal.core.permissions import May
from portal.db import transaction
from portal.errors import Invalid
from portal.pairings import listing, queries, words
from portal.pairings.matching import drafts
from portal.pairings.matching.runs import UNDER_WAY
from portal.pairings.matching.suggestions import may_be_chosen
from portal.pairings.models import MatchRun
from portal.pairings.queries import run_for, runs_of, staffs_programme
from portal.pairings.trials import actions as trials
from portal.pairings.trials import comparison_text
from portal.pairings.trials.comparison import (
    BOARD,
    Comparison,
    Move,
    Plan,
    plan_of,
    plan_of_board,
    yardstick_of,
)
from portal.pairings.trials.comparison import compare as compare_plans
from portal.pairings.trials.forms import MOST_PAIRS, TrialForm, row_of, sum_text
from portal.people import person_field
from portal.people.listing import names_of
from portal.programmes import words as programme_words
from portal.programmes.forms import matching_data
from portal.programmes.models import DEFAULT_WEIGHTS, Programme
from portal.web.access import requires
from portal.web.htmx import answer, redirect_to
from portal.web.numbers import id_in, page_in, version_in
from portal.web.toasts import toast

blueprint = Blueprint("bench", __name__, url_prefix="/pairings/bench")
MOST_LOCKED = 8
"""How many locked drafts the form names."""
SHOWN = ("", "gains", "loses", "matched", "unmatched")
"""The presets of the list of moves."""
YARDSTICKS = ("programme", "one", "other")


@blueprint.context_processor
def _template_context() -> dict[str, Any]:
    return {
        "ROLES": programme_words.ROLES,
        "points": words.points,
        "exact": lambda points: format_decimal(points / 100, "#,##0.#"),
        "run_name": comparison_text.run_name,
    }


@blueprint.get("")
@requires(May.RUN_MATCHING)
def index() -> Response:
    """The form of a trial, filled in with the weights and rules of the programme or of an
    earlier run, and a list of runs to compare.
    """
    run = run_for(number, current_user) if (number := id_in(request.args.get("run"))) else None
    if run is None and not request.args.get("programme"):
        programmes = listing.programmes_of(current_user)
        if not programmes:
            return redirect_to(url_for("board.index"))
        programme = programmes[0]
    else:
        programme = run.programme if run else _programme(request.args.get("programme"))
    return make_response(_page(programme, _prefilled(programme, run)))


@blueprint.post("")
@requires(May.RUN_MATCHING)
def start() -> Response:
    """Ask for a trial, and lead to its comparison with the board."""
    programme_id = id_in(request.form.get("programme"))
    staffs_programme(programme_id, current_user)
    form = TrialForm()
    if form.sent():
        try:
            with transaction():
                run = trials.ask_trial(
                    staffs_programme(programme_id, current_user),
                    title=form.title.data or "",
                    **form.matching(),
                    locks=form.chosen("lock"),
                    forbids=form.chosen("forbid"),
                    by=current_user,
                    at=now(),
                )
                run_id = run.id
            return redirect_to(url_for(".compare", one=BOARD, other=run_id))
        except Invalid as error:
            form.take(error)
    return make_response(_page(staffs_programme(programme_id, current_user), form), 422)


@blueprint.post("/pairs")
@requires(May.RUN_MATCHING)
def pairs() -> Response:
    """The form with one row of a pair more or less; nothing is stored yet."""
    programme, form = _programme(request.form.get("programme")), TrialForm()
    removed = request.form.get("remove")
    form.change_rows(add="add" in request.form, remove=version_in(removed) if removed is not None else None)
    return answer(
        "pairings/trials/_pairs.html",
        page=lambda: _page(programme, form),
        programme=programme,
        form=form,
        most=MOST_PAIRS,
        focus="add" in request.form,
    )


@blueprint.get("/sum")
@requires(May.RUN_MATCHING)
def total() -> Response:
    """What the weights come to, while they are typed."""
    weights = (version_in(request.args.get(f"weight_{name}")) for name in DEFAULT_WEIGHTS)
    return answer("pairings/trials/_sum.html", back_to=url_for(".index"), sum_text=sum_text(sum(weights)))


@blueprint.get("/people")
@requires(May.RUN_MATCHING)
def people() -> str:
    """Suggest people who wait and whose name holds what was typed; seats
    that drafts take are free for a trial.
    """
    programme = _programme(request.args.get("programme"))
    side = "mentee" if request.args.get("side") == "mentee" else "mentor"
    field = f"pairs-{version_in(request.args.get('row'))}-{side}"
    typed = request.args.get(field, "")
    choices = may_be_chosen(
        programme, side, typed, opposite=None, pairing=None, on=now().date(), drafts=False
    )
    return render_template(
        "pairings/board/_people.html",
        list_id=f"{field}-list",
        side=side,
        suggestions=[
            (person_field.shown(choice.person), choice.person.name, choice.more) for choice in choices
        ],
    )


@blueprint.get("/compare")
@requires(May.RUN_MATCHING)
def compare() -> Response:
    """Two plans side by side. `of` are those that were ticked in the list;
    one alone is compared with the board.
    """
    if ticked := request.args.getlist("of")[:2]:
        one, other = ticked if len(ticked) == 2 else (BOARD, ticked[0])
        return redirect_to(url_for(".compare", one=one, other=other, programme=request.args.get("programme")))
    keys = request.args.get("one", BOARD), request.args.get("other", BOARD)
    runs = {key: run_for(id_in(key), current_user) for key in keys if key != BOARD}
    programme_ids = {run.programme_id for run in runs.values()}
    if len(programme_ids) != 1 or keys[0] == keys[1]:
        return _nothing_to_compare(programme_ids)
    if not_done := [run for run in runs.values() if run.state != RunState.DONE]:
        return redirect_to(url_for("runs.show", run_id=not_done[0].id, then="compare"))
    programme = next(iter(runs.values())).programme
    plans = [plan_of(runs[key]) if key in runs else plan_of_board(programme) for key in keys]
    context = _moves_context(programme, *plans)
    return answer("pairings/trials/_moves.html", page=lambda: _compare_page(programme, **context), **context)


def _nothing_to_compare(programme_ids: set[int]) -> Response:
    """The answer when nothing was ticked, or the same plan twice, or runs of two programmes."""
    toast(
        _("Tick two plans of one programme to see them side by side, or one to see it beside the board."),
        tone="warn",
    )
    programme_id = next(iter(programme_ids), None) or request.args.get("programme")
    return redirect_to(url_for(".index", programme=programme_id))


def _moves_context(programme: Programme, one: Plan, other: Plan) -> dict[str, Any]:
    """What the list of moves shows."""
    by = request.args.get("by", "")
    by = by if by in YARDSTICKS else "programme"
    yardstick = {"one": one.yardstick, "other": other.yardstick}.get(by) or yardstick_of(programme)
    comparison = compare_plans(programme, one, other, by=yardstick, on=now().date())
    show = request.args.get("show", "")
    show = show if show in SHOWN else ""
    moves = listing.Sliced(
        items=[move for move in comparison.moves if _is_shown(move, show)],
        page=page_in(request.args.get("page")),
        per_page=listing.PER_PAGE,
        error_out=False,
    )
    return {
        "comparison": comparison,
        "by": by,
        "show": show,
        "numbers": {preset: sum(_is_shown(move, preset) for move in comparison.moves) for preset in SHOWN},
        "moves": moves,
        "names": names_of(
            {person for move in moves.items for person in (move.person, *move.before, *move.after)}
        ),
    }


def _compare_page(programme: Programme, comparison: Comparison, **moves_context: Any) -> str:
    plans = (comparison.one, comparison.other)
    runs = [plan.run for plan in plans if plan.run and plan.pairs]
    weights = [dict(weights) for weights in (*(plan.weights for plan in plans), programme.weights)]
    return render_template(
        "pairings/trials/compare.html",
        programme=programme,
        comparison=comparison,
        titles=[comparison_text.plan_name(plan) for plan in plans],
        goals=comparison_text.goals(comparison),
        verdict=comparison_text.verdict(comparison),
        settings=comparison_text.settings(*plans),
        keeps=[(run, drafts.without_seat(run), _has_other_rules(run, programme)) for run in runs],
        replaces=drafts.replaces(programme.id) if runs else "",
        weights_differ=any(other != weights[0] for other in weights),
        **moves_context,
    )


def _has_other_rules(run: MatchRun, programme: Programme) -> bool:
    """Whether a run went by other weights or rules than the programme's."""
    return (dict(run.weights), dict(run.rules)) != (dict(programme.weights), dict(programme.rules))


def _is_shown(move: Move, show: str) -> bool:
    """Whether a preset shows a move."""
    gain = _shown_gain(move)
    return {"": True, "gains": gain > 0, "loses": gain < 0}.get(show, move.kind == show)


def _shown_gain(move: Move) -> int:
    """The difference of the two scores as they are shown, which are rounded."""
    return int(words.points(move.has)) - int(words.points(move.had))


def _prefilled(programme: Programme, run: MatchRun | None) -> TrialForm:
    source = run or programme
    form = TrialForm(formdata=None, programme=programme.id, **matching_data(source.weights, source.rules))
    if run is not None:
        pairs = queries.pairs_of(run.id)[:MOST_PAIRS]
        form.show_pairs([row_of(pair.mentor, pair.mentee, pair.how) for pair in pairs])
    return form


def _page(programme: Programme, form: TrialForm) -> str:
    runs = runs_of(programme.id, most=20)
    locked = queries.locked_drafts(programme.id)
    return render_template(
        "pairings/trials/index.html",
        programme=programme,
        form=form,
        sum_text=sum_text(sum(weight.data or 0 for weight in form.weights())),
        most=MOST_PAIRS,
        locked=locked[:MOST_LOCKED],
        more_locked=max(len(locked) - MOST_LOCKED, 0),
        runs=[run for run in runs if run.state == RunState.DONE],
        under_way=[run for run in runs if run.trial and run.state in UNDER_WAY],
    )


def _programme(text: str | None) -> Programme:
    return staffs_programme(id_in(text), current_user)
