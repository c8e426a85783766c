"""Every column of every table: why it is kept and for how long. A test of the house sees to it that none is
missing.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kept:
    """Why a column is kept and until when. `personal` columns are erased on request; `secret` ones are never
    exported.
    """

    why: str
    until: str
    personal: bool = True
    secret: bool = False


ACCOUNT = "as long as the account"
SEASON = "as long as the enrolment"
HOUSE = Kept("the portal's own bookkeeping", "as long as the row", personal=False)
PROFILE = Kept("to match people and find common hours", ACCOUNT)
CONTACT = Kept("to know and reach the person", ACCOUNT)
WISHES = Kept("what the person asked for in this programme", SEASON)
OWN = Kept("set by staff for everybody", "as long as the programme", personal=False)
SESSION = Kept("to keep a browser signed in and show where", "until it ends, 30 days at most")
LINK = Kept("to prove an address once", "one day after it ends", secret=True)
LETTER = Kept("to send a letter and show that it went", "180 days")
DEED = Kept("to show who changed what", "values for two years, the fact for good")
SECRET = Kept("to check a password", ACCOUNT, secret=True)

MATCH = Kept("why somebody was matched, or not", "as long as the enrolment")
PAIR = Kept("who meets whom, and how far they are", "as long as the account")
MEET = Kept("when the two meet", "as long as the pairing")
FEED = Kept("to give the person a calendar address of their own", ACCOUNT)
CALENDAR = Kept("to write into the person's calendar", "until they disconnect it")

COLUMNS: dict[str, dict[str, Kept]] = {
    "person": {
        **dict.fromkeys(("id", "created_at", "version", "confirmed_at", "disabled_at"), HOUSE),
        **dict.fromkeys(("email", "name", "locale"), CONTACT),
        "password_hash": SECRET,
        **dict.fromkeys(("department", "site", "time_zone", "country", "hours", "languages"), PROFILE),
        **dict.fromkeys(("grade", "manager_id", "style"), PROFILE),
    },
    "role_grant": {"id": HOUSE, "person_id": HOUSE, "role": Kept("to know what the person may do", ACCOUNT)},
    "user_session": {
        "id": HOUSE,
        "token_digest": LINK,
        **dict.fromkeys(("person_id", "created_at", "seen_at", "expires_at", "address", "agent"), SESSION),
    },
    "account_link": dict.fromkeys(
        ("id", "person_id", "kind", "token_digest", "password_digest", "expires_at", "used_at"), LINK
    ),
    "throttle": dict.fromkeys(
        ("key", "failures", "blocked_until", "changed_at"),
        Kept("to slow down guessing; a digest, no address", "one day", personal=False),
    ),
    "letter": {
        **dict.fromkeys(("id", "uid", "attempts", "next_try_at", "lease_holder", "lease_until"), HOUSE),
        **dict.fromkeys(("kind", "to_address", "person_id", "subject", "text", "html"), LETTER),
        **dict.fromkeys(("state", "last_error", "created_at", "sent_at"), LETTER),
        **dict.fromkeys(("calendar_method", "calendar_text", "reply_to"), LETTER),
        "sealed_link": Kept(
            "to put the private link into the letter", "until the letter has left", secret=True
        ),
    },
    "audit_entry": {
        **dict.fromkeys(("position", "salt", "digest", "link", "request_id"), HOUSE),
        **dict.fromkeys(
            ("at", "actor_id", "action", "object_kind", "object_id", "before", "after", "reason"), DEED
        ),
    },
    "worker_beat": {"worker": HOUSE, "seen_at": HOUSE},
    "programme": dict.fromkeys(
        (
            *("id", "name", "promise", "label", "state", "starts_on", "ends_on", "sign_up_until", "leads"),
            *(
                "cadence_every",
                "cadence_unit",
                "meetings",
                "meeting_minutes",
                "calendar_moves",
                "rules",
                "weights",
                "created_at",
                "version",
            ),
        ),
        OWN,
    ),
    "programme_staff": {
        "programme_id": OWN,
        "person_id": Kept("to know who runs the programme", "as long as they do"),
    },
    "topic": dict.fromkeys(
        ("id", "area", "label", "aliases", "shipped", "edited_at", "retired_at", "version"), OWN
    ),
    "topic_suggestion": {
        **dict.fromkeys(("id", "plain", "typed", "times", "topic_id", "created_at", "settled_at"), OWN),
        "by_id": Kept("to ask what was meant", "until staff settled it"),
    },
    "enrolment": {
        **dict.fromkeys(("id", "version"), HOUSE),
        **dict.fromkeys(("programme_id", "person_id", "as_mentor", "as_mentee", "mentor_capacity"), WISHES),
        **dict.fromkeys(
            ("mentee_capacity", "place", "off_the_table", "state", "steps_done", "paused_until"), WISHES
        ),
        **dict.fromkeys(("begun_at", "joined_at"), WISHES),
    },
    "wish": dict.fromkeys(("id", "enrolment_id", "topic_id", "side", "level", "rank"), WISHES),
    "avoided": dict.fromkeys(("enrolment_id", "person_id"), Kept("so that the two are never paired", SEASON)),
    "person_version": dict.fromkeys(("person_id", "calendar", "card"), HOUSE),
    "match_run": {
        **dict.fromkeys(("id", "lease_holder", "lease_until", "phase", "done", "total"), HOUSE),
        **dict.fromkeys(("beginnings", "error", "seconds"), HOUSE),
        **dict.fromkeys(
            ("programme_id", "state", "weights", "rules", "objective", "created_at", "started_at"), OWN
        ),
        **dict.fromkeys(("finished_at", "end_asked_at", "kept_at", "trial", "title", "line", "gap"), OWN),
        "by_id": Kept("to show who started it", "as long as the programme"),
        "held_by_id": MATCH,
    },
    "run_pair": dict.fromkeys(("id", "run_id", "mentor_id", "mentee_id", "how"), MATCH),
    "price_table": {
        **dict.fromkeys(
            ("programme_id", "lease_holder", "lease_until", "stamp", "wanted_at", "made_at", "problem"), HOUSE
        ),
        "data": MATCH,
    },
    "proposal": {
        **dict.fromkeys(
            ("id", "run_id", "mentor_enrolment_id", "mentee_enrolment_id", "score", "parts"), MATCH
        ),
        **dict.fromkeys(
            ("next_mentor_id", "next_mentor_score", "next_mentee_id", "next_mentee_score"), MATCH
        ),
    },
    "left_over": dict.fromkeys(("id", "run_id", "enrolment_id", "role", "template", "args"), MATCH),
    "pairing": {
        **dict.fromkeys(("id", "version"), HOUSE),
        **dict.fromkeys(
            ("programme_id", "run_id", "mentor_id", "mentee_id", "state", "locked", "score"), PAIR
        ),
        **dict.fromkeys(("parts", "created_at", "offered_at", "answer_by", "mentee_accepted_at"), PAIR),
        **dict.fromkeys(("mentor_accepted_at", "active_at", "ended_at", "end_reason"), PAIR),
        "remark": Kept(
            "what staff noted about the pair", "until the pairing is over for two years", secret=True
        ),
    },
    "series": {
        **dict.fromkeys(("id", "uid", "revision", "revised_at", "version"), HOUSE),
        **dict.fromkeys(
            ("pairing_id", "every", "unit", "first_on", "local_time", "zone", "count", "minutes"), MEET
        ),
        **dict.fromkeys(("place", "link", "planned_by_id", "created_at", "replaced_at"), MEET),
    },
    "check_in": {
        **dict.fromkeys(("id", "version"), HOUSE),
        **dict.fromkeys(
            ("series_id", "number", "rule_on", "starts_at", "minutes", "moved_for", "state", "met_at"), MEET
        ),
    },
    "move_request": dict.fromkeys(
        ("id", "check_in_id", "by_id", "starts_at", "state", "created_at", "answered_at"), MEET
    ),
    "milestone": {
        **dict.fromkeys(("id", "uid", "revision", "revised_at", "version"), HOUSE),
        **dict.fromkeys(("pairing_id", "kind", "due_on", "moved_by_hand", "done_at"), MEET),
    },
    "feed_link": {
        **dict.fromkeys(
            ("id", "person_id", "pairing_id", "created_at", "revoked_at", "last_read_at", "last_reader"), FEED
        ),
        **dict.fromkeys(
            ("seed", "token_digest"), Kept("to find whose feed is asked for", ACCOUNT, secret=True)
        ),
    },
    "calendar_account": {
        **dict.fromkeys(
            ("id", "uid", "lease_holder", "lease_until", "version", "failures", "not_before"), HOUSE
        ),
        **dict.fromkeys(("pushed_stamp", "pushed_at", "looked_at", "ctag", "scheme", "origin"), HOUSE),
        **dict.fromkeys(
            ("person_id", "address", "username", "calendar_url", "calendar_name", "own_calendar"), CALENDAR
        ),
        **dict.fromkeys(("state", "problem", "detail", "created_at"), CALENDAR),
        "sealed_password": Kept(
            "to write into the person's calendar", "until they disconnect it", secret=True
        ),
    },
    "calendar_item": dict.fromkeys(
        ("id", "account_id", "uid", "href", "etag", "base", "intended", "written_hash", "state"), CALENDAR
    ),
    "calendar_choice": dict.fromkeys(
        ("id", "person_id", "alarm_minutes", "busy", "invitations", "version"), FEED
    ),
    "invitation": {
        **dict.fromkeys(("id", "uid", "sequence", "said", "sent_at", "answer_sequence"), HOUSE),
        **dict.fromkeys(("person_id", "check_in_id", "state", "starts_at", "ends_at", "summary"), MEET),
        **dict.fromkeys(("answer", "answered_at"), MEET),
    },
    "time_search": {
        **dict.fromkeys(("id", "lease_holder", "lease_until", "state", "created_at", "done_at"), HOUSE),
        **dict.fromkeys(
            ("pairing_id", "by_id", "check_in_id", "minutes", "slots", "notes"),
            Kept("to show the times that suit both", "ten minutes"),
        ),
    },
    "calendar_change": dict.fromkeys(
        ("id", "account_id", "uid", "change", "seen_at", "handled_at"), CALENDAR
    ),
}
