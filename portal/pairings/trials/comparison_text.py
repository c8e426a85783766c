"""What two plans side by side come to, in words: the four goals, which plan they prefer, and what the plans
went by.
"""

from collections.abc import Mapping
from typing import Any

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


def goals(found: Comparison) -> list[dict[str, Any]]:
    """The four goals in their order, of both plans; `gain` is how much better the second is."""
    one, other = found.sums
    rows: list[tuple[str, Any, Any, int]] = [
        (_("People who want to learn, left over"), one.mentees, other.mentees, -1),
        (_("Mentors left over"), one.mentors, other.mentors, -1),
    ]
    if one.below is not None and found.line is not None:
        label = _("Pairs below the line of %(line)s points", line=words.points(found.line))
        rows.append((label, one.below, other.below, -1))
    shown = [
        {
            "label": label,
            "one": first,
            "other": second,
            "gain": (second - first) * way,
            "by": abs(second - first),
        }
        for label, first, second, way in rows
    ]
    for label, hint, first, second in (
        (
            _("All points, those below 50 counted twice"),
            _("what the engine makes as large as it can"),
            one.total,
            other.total,
        ),
        (_("Mean match"), "", one.mean, other.mean),
    ):
        said = [format_decimal(each / 100, "#,##0.0") for each in (first, second, abs(second - first))]
        gain = 0 if said[0] == said[1] else second - first
        shown.append(
            {"label": label, "hint": hint, "one": said[0], "other": said[1], "gain": gain, "by": said[2]}
        )
    return [*shown, {"label": _("Pairs"), "one": one.pairs, "other": other.pairs, "gain": 0, "by": 0}]


def verdict(found: Comparison) -> str:
    """Which plan the goals prefer: the first in which they differ decides."""
    one, other = found.sums
    titles = [
        _("“%(name)s”", name=run_name(plan.run)) if plan.run else _("The board")
        for plan in (found.one, found.other)
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
            return template % {"plan": titles[0] if first < second else titles[1]}
    return _("Both are as good by the four goals.")


def settings(one: Plan, other: Plan) -> list[tuple[str, str, str]]:
    """What the two plans went by, where it differs: label and both values."""
    weights = [
        (str(programme_words.WEIGHTS[name]), str(one.weights.get(name, 0)), str(other.weights.get(name, 0)))
        for name in DEFAULT_WEIGHTS
    ]
    rules = []
    for name, usual in (("line", 40), ("min_grade_gap", 1), ("stay_bonus", 0), ("musts", [])):
        values = [programme_words.rule(name, plan.rules.get(name, usual)) for plan in (one, other)]
        rules.append((str(programme_words.RULES[name]), values[0], values[1]))
    names = names_of(one.by_hand.people | other.by_hand.people)
    hands = [
        (label, _pairs_said(names, one_pairs), _pairs_said(names, other_pairs))
        for label, one_pairs, other_pairs in (
            (_("Kept together"), one.by_hand.locks, other.by_hand.locks),
            (_("Kept apart"), one.by_hand.forbids, other.by_hand.forbids),
        )
    ]
    return [each for each in (*weights, *rules, *hands) if each[1] != each[2]]


def _pairs_said(names: Mapping[int, str], pairs: frozenset[Pair]) -> str:
    gone = _("somebody who has left")
    both = [f"{names.get(mentor, gone)} – {names.get(mentee, gone)}" for mentor, mentee in pairs]
    return ", ".join(sorted(both)) or "–"


def run_name(run: MatchRun) -> str:
    """What a run or a trial is called."""
    if run.title:
        return run.title
    when = moment(run.created_at)
    return _("Trial of %(when)s", when=when) if run.trial else _("Run of %(when)s", when=when)


def plan_name(plan: Plan) -> str:
    """What a plan is called."""
    return run_name(plan.run) if plan.run else _("The board")
