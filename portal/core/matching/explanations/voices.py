"""Every sentence of the engine, and how it is said: to staff by names, to each of the two as "you".

Stored is the sentence for staff, a template, with what goes into it; what is read is made when somebody reads
it, in their language. VOICES has each sentence as the one who mentors reads it, and as the one who learns
does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from portal.core.matching.explanations.why_not import THEIR_OWN
from portal.core.translatable import N_

Said = tuple[str, dict[str, Any]]
READERS = ("mentor", "mentee")
"""Whoever reads of themselves; everybody else is spoken to as staff are."""
TOPICS = frozenset({"topic", "second", "wish"})
"""What goes into sentences as a topic's id, to be called by its label."""
TRANSLATED = frozenset({"level", "rank", "days"})
"""What goes into sentences and is to be translated itself; of lists, each word."""
LANGUAGES = "languages"
"""What goes into a sentence as codes of languages, to be named in the reader's."""
PHRASE = "template"
"""What goes into a sentence and has this is a smaller one, with what goes into it."""

LEVELS = {1: N_("at a basic level"), 2: N_("at a good level"), 3: N_("at expert level")}
RANKS = (N_("first"), N_("second"), N_("third"))

RANKED = N_("%(mentor)s knows “%(topic)s” %(level)s, which %(mentee)s ranked %(rank)s.")
RANKED_AND = N_(
    "%(mentor)s knows “%(topic)s” %(level)s, which %(mentee)s ranked %(rank)s, and also “%(second)s”."
)
ALSO = N_("%(mentor)s knows “%(topic)s” %(level)s, which %(mentee)s would like to learn.")
ALSO_AND = N_(
    "%(mentor)s knows “%(topic)s” %(level)s, which %(mentee)s would like to learn, and also “%(second)s”."
)
NEAR = N_(
    "%(mentor)s knows “%(topic)s” %(level)s, which is close to “%(wish)s”, which %(mentee)s would like to"
    " learn."
)
IN_RETURN = N_("In return, %(mentee)s can help with “%(topic)s”, which %(mentor)s asked for.")
COMPLEMENT = N_("One of them rather listens and one rather talks, which goes well together.")
CALM = N_("Their ways of working go well together.")
DEPARTMENTS = N_("They work in different departments: %(one)s and %(other)s.")
SPEAK = N_("They both speak %(languages)s.")
SAME_SITE = N_("They both work in %(site)s, so they can meet in person.")

MOST_HOURS = N_("They share most of their working hours, %(hours)s.")
SOME_HOURS = N_("They share %(hours)s in which both work.")
SOME_HOURS_FAR = N_(
    "They share %(hours)s in which both work, although one is in %(mentor_place)s and one in"
    " %(mentee_place)s."
)
WHEN = N_("They share %(mentee_when)s, %(hours)s.")
WHEN_FAR = N_(
    "They share %(mentee_when)s, %(hours)s, although one is in %(mentor_place)s and one in %(mentee_place)s."
)
WHEN_ABROAD = N_("They share %(mentee_when)s in %(clock)s time, %(hours)s.")
WHEN_ABROAD_FAR = N_(
    "They share %(mentee_when)s in %(clock)s time, %(hours)s, although one is in %(mentor_place)s and one in "
    "%(mentee_place)s."
)

ABOUT_AN_HOUR = N_("about one hour a week")
ABOUT_HOURS = N_("about %(many)s hours a week")
MOSTLY = N_("mostly %(when)s")
WHEN_IN_A_WEEK = {
    ("days", "morning"): N_("%(days)s mornings"),
    ("days", "afternoon"): N_("%(days)s afternoons"),
    ("days", "evening"): N_("%(days)s evenings"),
    ("days", ""): N_("time on %(days)s"),
    ("weekdays", "morning"): N_("weekday mornings"),
    ("weekdays", "afternoon"): N_("weekday afternoons"),
    ("weekdays", "evening"): N_("weekday evenings"),
    ("weekdays", ""): N_("time on weekdays"),
    ("most", "morning"): N_("mornings on most days"),
    ("most", "afternoon"): N_("afternoons on most days"),
    ("most", "evening"): N_("evenings on most days"),
    ("most", ""): N_("time on most days"),
}
"""What two share in a week: on which days, in which part of them ("" for more than one)."""

_BOTH: Mapping[str, str] = {
    COMPLEMENT: N_("One of you rather listens and one rather talks, which goes well together."),
    CALM: N_("Your ways of working go well together."),
    DEPARTMENTS: N_("You work in different departments: %(one)s and %(other)s."),
    SPEAK: N_("You both speak %(languages)s."),
    SAME_SITE: N_("You both work in %(site)s, so you can meet in person."),
    MOST_HOURS: N_("You share most of your working hours, %(hours)s."),
    SOME_HOURS: N_("You share %(hours)s in which both of you work."),
}
VOICES: Mapping[str, tuple[str, str]] = {
    RANKED: (
        N_("You know “%(topic)s” %(level)s, which %(mentee)s ranked %(rank)s."),
        N_("%(mentor)s can show you “%(topic)s” %(level)s, which you ranked %(rank)s."),
    ),
    RANKED_AND: (
        N_("You know “%(topic)s” %(level)s, which %(mentee)s ranked %(rank)s, and also “%(second)s”."),
        N_(
            "%(mentor)s can show you “%(topic)s” %(level)s, which you ranked %(rank)s, and also “%(second)s”."
        ),
    ),
    ALSO: (
        N_("You know “%(topic)s” %(level)s, which %(mentee)s would like to learn."),
        N_("%(mentor)s can show you “%(topic)s” %(level)s, which you would like to learn."),
    ),
    ALSO_AND: (
        N_("You know “%(topic)s” %(level)s, which %(mentee)s would like to learn, and also “%(second)s”."),
        N_(
            "%(mentor)s can show you “%(topic)s” %(level)s, which you would like to learn, and also"
            " “%(second)s”."
        ),
    ),
    NEAR: (
        N_(
            "You know “%(topic)s” %(level)s, which is close to “%(wish)s”, which %(mentee)s would like to"
            " learn."
        ),
        N_(
            "%(mentor)s can show you “%(topic)s” %(level)s, which is close to “%(wish)s”, which you would"
            " like to learn."
        ),
    ),
    IN_RETURN: (
        N_("In return, %(mentee)s can help you with “%(topic)s”, which you asked for."),
        N_("In return, you can help %(mentor)s with “%(topic)s”, which they asked for."),
    ),
    SOME_HOURS_FAR: (
        N_("You share %(hours)s in which both of you work, although %(mentee)s is in %(mentee_place)s."),
        N_("You share %(hours)s in which both of you work, although %(mentor)s is in %(mentor_place)s."),
    ),
    WHEN: (N_("You share %(mentor_when)s, %(hours)s."), N_("You share %(mentee_when)s, %(hours)s.")),
    WHEN_FAR: (
        N_("You share %(mentor_when)s, %(hours)s, although %(mentee)s is in %(mentee_place)s."),
        N_("You share %(mentee_when)s, %(hours)s, although %(mentor)s is in %(mentor_place)s."),
    ),
    WHEN_ABROAD: (
        N_("You share %(mentor_when)s by your own clock, %(hours)s."),
        N_("You share %(mentee_when)s by your own clock, %(hours)s."),
    ),
    WHEN_ABROAD_FAR: (
        N_(
            "You share %(mentor_when)s by your own clock, %(hours)s, although %(mentee)s is in"
            " %(mentee_place)s."
        ),
        N_(
            "You share %(mentee_when)s by your own clock, %(hours)s, although %(mentor)s is in"
            " %(mentor_place)s."
        ),
    ),
    **{template: (both, both) for template, both in _BOTH.items()},
    **{template: (own, own) for template, own in THEIR_OWN.items()},
}
"""The staff's sentence -> as the mentor reads it, and as the mentee does."""

FORMER = (
    N_("%(mentor)s knows about “%(topic)s” (%(level)s), which is what %(mentee)s wants to learn first."),
    N_("%(mentor)s knows about “%(topic)s” (%(level)s), which %(mentee)s would like to learn."),
    N_(
        "%(mentor)s knows about “%(topic)s” (%(level)s), which is close to “%(wish)s”, which %(mentee)s would"
        " like to learn."
    ),
    N_("You share about one working hour a week."),
    N_("You share about %(hours)s working hours a week."),
    N_("You share about one working hour a week, although %(mentee)s works in %(place)s."),
    N_("You share about %(hours)s working hours a week, although %(mentee)s works in %(place)s."),
    N_("You share %(many)s languages."),
)
"""What was said before each had a voice of their own: pairings made then are read as they were."""


@dataclass(frozen=True, slots=True)
class Tongue:
    """How a reader's language says a template of ours, joins words to a list, and calls a language by its
    code and a topic by its id.
    """

    translate: Callable[[str], str]
    listed: Callable[[Sequence[str]], str]
    language: Callable[[str], str]
    topic: Callable[[str], str]


def _listed(words: Sequence[str]) -> str:
    """Several things as one reads them in English: "Monday, Tuesday and Thursday"."""
    *others, last = words or [""]
    return f"{', '.join(others)} and {last}" if others else last


PLAIN = Tongue(str, _listed, str, str)
"""English, with languages by their codes and topics by their ids: for where nothing is translated."""


def said(
    template: str,
    args: Mapping[str, Any],
    reader: str = "staff",
    tongue: Tongue = PLAIN,
    names: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """A sentence as `reader` reads it ("staff", or the side they are on), with the hint that may come with
    it. `names` are those of the two: "mentor" and "mentee".
    """
    given = {**names, **{name: _in_words(name, value, tongue) for name, value in args.items()}}
    both = [_to(each, reader) for each in (template, str(args.get("hint", "")))]
    return " ".join(tongue.translate(each) % given for each in both if each)


def _to(template: str, reader: str) -> str:
    """A template as it is said to one reader. One that is spoken to the reader already is as it is."""
    return VOICES[template][READERS.index(reader)] if reader in READERS and template in VOICES else template


def _in_words(name: str, value: Any, tongue: Tongue) -> Any:
    """What goes into a sentence: words of ours translated, lists joined, smaller sentences said."""
    if isinstance(value, Mapping):
        return said(value[PHRASE], value, tongue=tongue)
    if name == LANGUAGES:
        return tongue.listed([tongue.language(code) for code in value])
    if name in TOPICS:
        return tongue.topic(value)
    if name not in TRANSLATED:
        return value
    return (
        tongue.translate(value)
        if isinstance(value, str)
        else tongue.listed([tongue.translate(each) for each in value])
    )
