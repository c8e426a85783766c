"""Why somebody has no partner this time, and what would change it: the sentences, for staff and as the person
reads them.

Each says only what anybody could know: facts of people's work and hours, how many seats there are, and what
the plan is.
"""

from collections.abc import Mapping

from portal.core.translatable import N_

NO_MENTORS = N_("Nobody has joined as a mentor yet.")
NO_MENTEES = N_("Nobody has joined to learn yet.")
NO_HOURS = N_("Their profile names no hour in which they could meet.")
NO_LANGUAGES = N_("Their profile names no language that they speak.")
GENERAL = N_("This time there was nobody who could be paired with them.")
TAKEN = {
    "mentee": N_("Everybody who could mentor them already meets somebody else this round."),
    "mentor": N_("Everybody whom they could mentor already meets somebody else this round."),
}
TOO_FEW = {
    "mentee": N_(
        "Everybody who could mentor them already meets somebody else this round. Places with mentors:"
        " %(mentors)s; wishes to learn: %(mentees)s."
    ),
    "mentor": N_(
        "Everybody whom they could mentor already meets somebody else this round. Wishes to learn:"
        " %(mentees)s; places with mentors: %(mentors)s."
    ),
}
ALL_TAKEN = {
    "mentee": N_("All %(many)s mentors who teach what they asked for already meet somebody else this round."),
    "mentor": N_(
        "All %(many)s people who asked for what they can teach already meet somebody else this round."
    ),
}
ONE_TAKEN = {
    "mentee": N_("The one mentor who teaches what they asked for already meets somebody else this round."),
    "mentor": N_("The one person who asked for what they can teach already meets somebody else this round."),
}
OTHER_WAY = {
    "mentee": N_("The only people left who could mentor them are mentored by them this round."),
    "mentor": N_("The only people left whom they could mentor are their mentors this round."),
}
ALONE = {
    ("mentee", "grade"): N_("Nobody who is junior enough to them has joined as a mentor."),
    ("mentee", "line"): N_("All who have joined as mentors are in their own line of managers."),
    ("mentee", "language"): N_("No mentor shares a language with them."),
    ("mentee", "time"): N_("No mentor shares a working hour with them."),
    ("mentee", "department"): N_("No mentor is known to work in another department than they."),
    ("mentee", "site"): N_("No mentor works at their site."),
    ("mentee", "topic"): N_("No mentor teaches what they asked for."),
    ("mentor", "grade"): N_("Nobody who is senior enough to them has joined to learn."),
    ("mentor", "line"): N_("All who have joined to learn are in their own line of managers."),
    ("mentor", "language"): N_("Nobody who has joined to learn shares a language with them."),
    ("mentor", "time"): N_("Nobody who has joined to learn shares a working hour with them."),
    ("mentor", "department"): N_(
        "Nobody who has joined to learn is known to work in another department than they."
    ),
    ("mentor", "site"): N_("Nobody who has joined to learn works at their site."),
    ("mentor", "topic"): N_("Nobody has asked for what they can teach."),
}
TEACHERS = {
    "grade": N_("Nobody who teaches what they asked for is junior enough to them."),
    "line": N_("All who teach what they asked for are in their own line of managers."),
    "language": N_("Nobody who teaches what they asked for shares a language with them."),
    "time": N_("Nobody who teaches what they asked for shares a working hour with them."),
    "site": N_("Nobody who teaches what they asked for works at their site."),
}
SEAT = {
    "mentee": N_("One more seat with one of the mentors would help."),
    "mentor": N_("One more person who joins to learn would help."),
}
OPENS_ONE = {
    "when": N_("Adding %(when)s to their hours could make one more person possible."),
    "time": N_("More hours in their profile could make one more person possible."),
    "language": N_(
        "If they speak %(languages)s too: adding that to their profile could make one more person possible."
    ),
    "learn": N_("More subjects to learn could make one more person possible."),
    "teach": N_("More subjects to teach could make one more person possible."),
    "grade": N_("A smaller gap between grades could make one more person possible."),
}
OPENS = {
    "when": N_("Adding %(when)s to their hours could make %(opened)s more people possible."),
    "time": N_("More hours in their profile could make %(opened)s more people possible."),
    "language": N_(
        "If they speak %(languages)s too: adding that to their profile could make %(opened)s more people"
        " possible."
    ),
    "learn": N_("More subjects to learn could make %(opened)s more people possible."),
    "teach": N_("More subjects to teach could make %(opened)s more people possible."),
    "asked": N_("If they wish to learn “%(topic)s” too: that could make %(opened)s more people possible."),
    "offered": N_("If they can teach “%(topic)s” too: that could make %(opened)s more people possible."),
    "grade": N_("A smaller gap between grades could make %(opened)s more people possible."),
}

THEIR_OWN: Mapping[str, str] = {
    NO_HOURS: N_("Your profile names no hour in which you could meet. Add your working hours to it."),
    NO_LANGUAGES: N_("Your profile names no language that you speak. Add one to it."),
    GENERAL: N_("This time there was nobody who could be paired with you."),
    TAKEN["mentee"]: N_("Everybody who could mentor you already meets somebody else this round."),
    TAKEN["mentor"]: N_("Everybody whom you could mentor already meets somebody else this round."),
    TOO_FEW["mentee"]: N_(
        "Everybody who could mentor you already meets somebody else this round. Places with mentors:"
        " %(mentors)s; wishes to learn: %(mentees)s."
    ),
    TOO_FEW["mentor"]: N_(
        "Everybody whom you could mentor already meets somebody else this round. Wishes to learn:"
        " %(mentees)s; places with mentors: %(mentors)s."
    ),
    ALL_TAKEN["mentee"]: N_(
        "All %(many)s mentors who teach what you asked for already meet somebody else this round."
    ),
    ALL_TAKEN["mentor"]: N_(
        "All %(many)s people who asked for what you can teach already meet somebody else this round."
    ),
    ONE_TAKEN["mentee"]: N_(
        "The one mentor who teaches what you asked for already meets somebody else this round."
    ),
    ONE_TAKEN["mentor"]: N_(
        "The one person who asked for what you can teach already meets somebody else this round."
    ),
    OTHER_WAY["mentee"]: N_("The only people left who could mentor you are mentored by you this round."),
    OTHER_WAY["mentor"]: N_("The only people left whom you could mentor are your mentors this round."),
    ALONE["mentee", "grade"]: N_("Nobody who is junior enough to you has joined as a mentor."),
    ALONE["mentee", "line"]: N_("All who have joined as mentors are in your own line of managers."),
    ALONE["mentee", "language"]: N_("No mentor shares a language with you."),
    ALONE["mentee", "time"]: N_("No mentor shares a working hour with you."),
    ALONE["mentee", "department"]: N_("No mentor is known to work in another department than you."),
    ALONE["mentee", "site"]: N_("No mentor works at your site."),
    ALONE["mentee", "topic"]: N_("No mentor teaches what you asked for."),
    ALONE["mentor", "grade"]: N_("Nobody who is senior enough to you has joined to learn."),
    ALONE["mentor", "line"]: N_("All who have joined to learn are in your own line of managers."),
    ALONE["mentor", "language"]: N_("Nobody who has joined to learn shares a language with you."),
    ALONE["mentor", "time"]: N_("Nobody who has joined to learn shares a working hour with you."),
    ALONE["mentor", "department"]: N_(
        "Nobody who has joined to learn is known to work in another department than you."
    ),
    ALONE["mentor", "site"]: N_("Nobody who has joined to learn works at your site."),
    ALONE["mentor", "topic"]: N_("Nobody has asked for what you can teach."),
    TEACHERS["grade"]: N_("Nobody who teaches what you asked for is junior enough to you."),
    TEACHERS["line"]: N_("All who teach what you asked for are in your own line of managers."),
    TEACHERS["language"]: N_("Nobody who teaches what you asked for shares a language with you."),
    TEACHERS["time"]: N_("Nobody who teaches what you asked for shares a working hour with you."),
    TEACHERS["site"]: N_("Nobody who teaches what you asked for works at your site."),
    OPENS_ONE["when"]: N_("Adding %(when)s to your hours could make one more person possible."),
    OPENS_ONE["time"]: N_("More hours in your profile could make one more person possible."),
    OPENS_ONE["language"]: N_(
        "If you speak %(languages)s too: adding that to your profile could make one more person possible."
    ),
    OPENS["when"]: N_("Adding %(when)s to your hours could make %(opened)s more people possible."),
    OPENS["time"]: N_("More hours in your profile could make %(opened)s more people possible."),
    OPENS["language"]: N_(
        "If you speak %(languages)s too: adding that to your profile could make %(opened)s more people"
        " possible."
    ),
    OPENS["asked"]: N_(
        "If you wish to learn “%(topic)s” too: that could make %(opened)s more people possible."
    ),
    OPENS["offered"]: N_(
        "If you can teach “%(topic)s” too: that could make %(opened)s more people possible."
    ),
    OPENS_ONE["grade"]: "",
    OPENS["grade"]: "",
}
"""The staff's sentence -> as the person reads it, where that is not the same; "" for what staff alone can
change.
"""

FORMER = (
    N_("No mentor shares a working hour with you. More hours in your profile would help."),
    N_(
        "Nobody who has joined to learn shares a working hour with you. More hours in your profile would"
        " help."
    ),
    N_(
        "Nobody who teaches what you asked for shares a working hour with you. More hours in your profile"
        " would help."
    ),
)
"""What was said before staff had sentences of their own: it is read as it was."""
