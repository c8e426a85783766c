"""The what-if bench: staff try other weights, rules and pairs, and see what would change before anything
does.
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
from portal.errors import Invalid, NotFound
from portal.pairings import listing as directory
from portal.pairings import queries, words
from portal.pairings.matching import drafts as keeping
from portal.pairings.matching.suggestions import may_be_chosen
from portal.pairings.models import MatchRun
from portal.pairings.queries import run_for, runs_of
from portal.pairings.trials import actions as trials
from portal.pairings.trials import comparison as comparing
from portal.pairings.trials import comparison_text as verdicts
from portal.pairings.trials.comparison import BOARD, Comparison, Move, Plan
from portal.pairings.trials.forms import MOST_PAIRS, TrialForm, row_of, sum_said
from portal.people import person_field
from portal.people.listing import names_of
from portal.programmes import words as programme_words
from portal.programmes.forms import matching_data
from portal.programmes.models import DEFAULT_WEIGHTS, Programme
from portal.programmes.queries import programme_for
from portal.web.access import requires
from portal.web.htmx import answer, redirect_to
from portal.web.numbers import id_in, page_in, version_in
from portal.web.toasts import toast

blueprint = Blueprint("bench", __name__, url_prefix="/pairings/bench")
UNDER_WAY = (RunState.QUEUED, RunState.RUNNING)
FEW = 8
SHOWN = ("", "gains", "loses", "matched", "unmatched")
YARDSTICKS = ("programme", "one", "other")


@blueprint.context_processor
def _words() -> dict[str, Any]:
    return {
        "ROLES": programme_words.ROLES,
        "points": words.points,
        "exact": lambda points: format_decimal(points / 100, "#,##0.#"),
        "run_name": verdicts.run_name,
    }


@blueprint.get("")
@requires(May.RUN_MATCHING)
def index() -> Response:
    """The form of a trial, filled in with what the programme goes by (or an earlier run did), and what can be
    compared.
    """
    run = run_for(number, current_user) if (number := id_in(request.args.get("run"))) else None
    if run is None and not request.args.get("programme"):
        programmes = directory.programmes_of(current_user)
        if not programmes:
            return redirect_to(url_for("board.index"))
        programme = programmes[0]
    else:
        programme = run.programme if run else _theirs(request.args.get("programme", ""))
    return make_response(_page(programme, _prefilled(programme, run)))


@blueprint.post("")
@requires(May.RUN_MATCHING)
def start() -> Response:
    """Try it: ask for a trial, and lead to its comparison with the board."""
    programme, form = _sent()
    if form.sent():
        try:
            with transaction():
                pairs = {"locks": form.chosen("lock"), "forbids": form.chosen("forbid")}
                about = {**form.matching(), **pairs, "by": current_user, "at": now()}
                run_id = trials.ask_trial(_theirs(str(programme.id)), title=form.title.data or "", **about).id
            return redirect_to(url_for(".compare", one=BOARD, other=run_id))
        except Invalid as error:
            form.take(error)
    return make_response(_page(_theirs(str(programme.id)), form), 422)


@blueprint.post("/pairs")
@requires(May.RUN_MATCHING)
def pairs() -> Response:
    """The form with one row of a pair more or less; nothing is kept of it yet."""
    programme, form = _sent()
    gone = request.form.get("remove")
    form.change_rows(add="add" in request.form, remove=version_in(gone) if gone is not None else None)
    about: dict[str, Any] = {
        "programme": programme,
        "form": form,
        "most": MOST_PAIRS,
        "focus": "add" in request.form,
    }
    return answer("pairings/trials/_pairs.html", page=lambda: _page(programme, form), **about)


@blueprint.get("/sum")
@requires(May.RUN_MATCHING)
def total() -> Response:
    """What the weights come to, while they are typed."""
    weights = (version_in(request.args.get(f"weight_{name}")) for name in DEFAULT_WEIGHTS)
    return answer("pairings/trials/_sum.html", back_to=url_for(".index"), said=sum_said(sum(weights)))


@blueprint.get("/people")
@requires(May.RUN_MATCHING)
def people() -> str:
    """Who waits and has a name that holds what was typed; seats that drafts take are free for a trial."""
    programme = _theirs(request.args.get("programme", ""))
    side = "mentee" if request.args.get("side") == "mentee" else "mentor"
    field = f"pairs-{version_in(request.args.get('row'))}-{side}"
    typed = request.args.get(field, "")
    about: dict[str, Any] = {"opposite": None, "pairing": None, "on": now().date(), "drafts": False}
    found = [
        (person_field.shown(each.person), each.person.name, each.more)
        for each in may_be_chosen(programme, side, typed, **about)
    ]
    return render_template("pairings/board/_people.html", list_id=f"{field}-list", side=side, found=found)


@blueprint.get("/compare")
@requires(May.RUN_MATCHING)
def compare() -> Response:
    """Two plans side by side. `of` are those that were ticked in a list: one of them is compared with the
    board.
    """
    if ticked := request.args.getlist("of")[:2]:
        one, other = ticked if len(ticked) == 2 else (BOARD, ticked[0])
        return redirect_to(url_for(".compare", one=one, other=other, programme=request.args.get("programme")))
    asked = request.args.get("one", BOARD), request.args.get("other", BOARD)
    runs = {key: run_for(id_in(key), current_user) for key in asked if key != BOARD}
    programme_ids = {run.programme_id for run in runs.values()}
    if len(programme_ids) != 1 or asked[0] == asked[1]:
        return _nothing_to_compare(programme_ids)
    if waiting := [run for run in runs.values() if run.state != RunState.DONE]:
        return redirect_to(url_for("runs.show", run_id=waiting[0].id, then="compare"))
    programme = next(iter(runs.values())).programme
    plans = [comparing.found(runs[key]) if key in runs else comparing.board(programme) for key in asked]
    about = _compared(programme, *plans)
    return answer("pairings/trials/_moves.html", page=lambda: _comparison(programme, **about), **about)


def _nothing_to_compare(programme_ids: set[int]) -> Response:
    """Somebody ticked nothing, or the same twice, or runs of two programmes."""
    toast(
        _("Tick two plans of one programme to see them side by side, or one to see it beside the board."),
        tone="warn",
    )
    programme_id = next(iter(programme_ids), None) or request.args.get("programme")
    return redirect_to(url_for(".index", programme=programme_id))


def _compared(programme: Programme, one: Plan, other: Plan) -> dict[str, Any]:
    """What the list of moves shows."""
    by = request.args.get("by", "")
    by = by if by in YARDSTICKS else "programme"
    yardstick = {"one": one.yardstick, "other": other.yardstick}.get(by) or comparing.of_programme(programme)
    found = comparing.compare(programme, one, other, by=yardstick, on=now().date())
    show = request.args.get("show", "")
    show = show if show in SHOWN else ""
    numbers = {each: sum(_fits(move, each) for move in found.moves) for each in SHOWN}
    page = page_in(request.args.get("page"))
    every = [move for move in found.moves if _fits(move, show)]
    moves = directory.Sliced(every=every, page=page, per_page=directory.PER_PAGE, error_out=False)
    names = names_of({person for move in moves.items for person in (move.person, *move.before, *move.after)})
    return {"found": found, "by": by, "show": show, "numbers": numbers, "moves": moves, "names": names}


def _comparison(programme: Programme, found: Comparison, **about: Any) -> str:
    plans = (found.one, found.other)
    kept = [plan.run for plan in plans if plan.run and plan.pairs]
    differ = (
        len({str(sorted(each.items())) for each in (*(plan.weights for plan in plans), programme.weights)})
        > 1
    )
    return render_template(
        "pairings/trials/compare.html",
        programme=programme,
        found=found,
        titles=[verdicts.plan_name(plan) for plan in plans],
        goals=verdicts.goals(found),
        verdict=verdicts.verdict(found),
        settings=verdicts.settings(*plans),
        keeps=[(run, keeping.gone(run), _is_other(run, programme)) for run in kept],
        replaces=keeping.replaces(programme.id) if kept else "",
        weights_differ=differ,
        **about,
    )


def _is_other(run: MatchRun, programme: Programme) -> bool:
    """Whether a run went by other weights or rules than the programme's."""
    return (dict(run.weights), dict(run.rules)) != (dict(programme.weights), dict(programme.rules))


def _fits(move: Move, show: str) -> bool:
    """Whether a move is of those that a preset shows."""
    gain = _shown_gain(move)
    return {"": True, "gains": gain > 0, "loses": gain < 0}.get(show, move.kind == show)


def _shown_gain(move: Move) -> int:
    """The change in points as the two shown scores have it."""
    return int(words.points(move.has)) - int(words.points(move.had))


def _sent() -> tuple[Programme, TrialForm]:
    return _theirs(request.form.get("programme", "")), TrialForm()


def _prefilled(programme: Programme, run: MatchRun | None) -> TrialForm:
    of = run or programme
    form = TrialForm(formdata=None, programme=programme.id, **matching_data(of.weights, of.rules))
    if run is not None:
        form.show_pairs(
            [row_of(each.mentor, each.mentee, each.how) for each in queries.pairs_of(run.id)][:MOST_PAIRS]
        )
    return form


def _page(programme: Programme, form: TrialForm) -> str:
    runs = runs_of(programme.id, most=20)
    locked = queries.locked_drafts(programme.id)
    return render_template(
        "pairings/trials/index.html",
        programme=programme,
        form=form,
        said=sum_said(sum(each.data or 0 for each in form.weights())),
        most=MOST_PAIRS,
        locked=locked[:FEW],
        more_locked=max(len(locked) - FEW, 0),
        runs=[run for run in runs if run.state == RunState.DONE],
        under_way=[run for run in runs if run.trial and run.state in UNDER_WAY],
    )


def _theirs(text: str) -> Programme:
    """The programme with this id, if the reader runs it; raises NotFound otherwise."""
    programme = programme_for(id_in(text), current_user)
    if programme is None:
        raise NotFound
    return programme
