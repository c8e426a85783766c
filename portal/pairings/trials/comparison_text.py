"""A comparison of two plans in words: the four goals, which plan they prefer, and their settings."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import format_decimal
from flask_babel import gettext as _

from portal.pairings import words
from portal.pairings.matching.problem import Pair
from portal.pairings.models import MatchRun
from portal.pairings.trials.comparison import Comparison, Plan
from portal.people.listing import names_of
from portal.programmes import words as programme_words
from portal.programmes.models import DEFAULT_WEIGHTS
from portal.web.template_globals import moment


@dataclass(frozen=True)
class Goal:
    """One line of the comparison: the value of both plans as people read it, how much better the second is
    (`gain`; below 0, worse), and the difference as people read it.
    """

    label: str
    one: str
    other: str
    gain: float = 0
    by: str = "0"
    hint: str = ""


def goals(comparison: Comparison) -> list[Goal]:
    """The four goals of both plans in their order, and how many pairs there are."""
    one, other = comparison.sums
    lines = [
        _fewer(_("People who want to learn, left over"), one.mentees, other.mentees),
        _fewer(_("Mentors left over"), one.mentors, other.mentors),
    ]
    if one.below is not None and other.below is not None and comparison.line is not None:
        label = _("Pairs below the line of %(line)s points", line=words.points(comparison.line))
        lines.append(_fewer(label, one.below, other.below))
    label, hint = _("All points, those below 50 counted twice"), _("what the engine makes as large as it can")
    return [
        *lines,
        _more_points(label, one.total, other.total, hint),
        _more_points(_("Mean match"), one.mean, other.mean),
        Goal(_("Pairs"), str(one.pairs), str(other.pairs)),
    ]


def _fewer(label: str, first: int, second: int) -> Goal:
    """A goal of which less is better."""
    return Goal(label, str(first), str(second), first - second, str(abs(second - first)))


def _more_points(label: str, first: float, second: float, hint: str = "") -> Goal:
    """A goal of which more is better; a difference that is rounded away counts for none."""
    one, other, by = (
        format_decimal(points / 100, "#,##0.0") for points in (first, second, abs(second - first))
    )
    return Goal(label, one, other, 0 if one == other else second - first, by, hint)


def verdict(comparison: Comparison) -> str:
    """Which plan the goals prefer: the first in which they differ decides."""
    one, other = comparison.sums
    titles = [
        _("“%(name)s”", name=run_name(plan.run)) if plan.run else _("The board")
        for plan in (comparison.one, comparison.other)
    ]
    for first, second, template in (
        (
            one.mentees,
            other.mentees,
            _("%(plan)s leaves fewer people over who want to learn, which comes before all else."),
        ),
        (one.mentors, other.mentors, _("%(plan)s leaves fewer mentors over, with as many learners met.")),
        (
            one.below or 0,
            other.below or 0,
            _("%(plan)s has fewer pairs below the line, with as many people met."),
        ),
        (-one.total, -other.total, _("%(plan)s has the better matches, with as many people met.")),
    ):
        if first != second:
            return str(template % {"plan": titles[0] if first < second else titles[1]})
    return str(_("Both are as good by the four goals."))


def settings(one: Plan, other: Plan) -> list[tuple[str, str, str]]:
    """The weights, rules and locked or forbidden pairs in which two plans differ: label and both values."""
    weights = [
        (str(programme_words.WEIGHTS[name]), str(one.weights.get(name, 0)), str(other.weights.get(name, 0)))
        for name in DEFAULT_WEIGHTS
    ]
    rules = []
    for name, usual in (("line", 40), ("min_grade_gap", 1), ("stay_bonus", 0), ("musts", [])):
        values = [programme_words.rule(name, plan.rules.get(name, usual)) for plan in (one, other)]
        rules.append((str(programme_words.RULES[name]), values[0], values[1]))
    names = names_of(one.by_hand.people | other.by_hand.people)
    by_hand = [
        (label, _pairs_said(names, one_pairs), _pairs_said(names, other_pairs))
        for label, one_pairs, other_pairs in (
            (_("Kept together"), one.by_hand.locks, other.by_hand.locks),
            (_("Kept apart"), one.by_hand.forbids, other.by_hand.forbids),
        )
    ]
    return [setting for setting in (*weights, *rules, *by_hand) if setting[1] != setting[2]]


def _pairs_said(names: Mapping[int, str], pairs: frozenset[Pair]) -> str:
    unknown = _("somebody who has left")
    texts = [f"{names.get(mentor, unknown)} – {names.get(mentee, unknown)}" for mentor, mentee in pairs]
    return ", ".join(sorted(texts)) or "–"


def run_name(run: MatchRun) -> str:
    """The title of a run or a trial, or when it was asked for."""
    if run.title:
        return run.title
    when = moment(run.created_at)
    return str(_("Trial of %(when)s", when=when) if run.trial else _("Run of %(when)s", when=when))


def plan_name(plan: Plan) -> str:
    """The name of the run, or "The board"."""
    return run_name(plan.run) if plan.run else str(_("The board"))
