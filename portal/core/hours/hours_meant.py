"""What may be meant by hours that cannot be read, like "9-5" or "Monday to Friday 9 to 5".

A guess is only ever asked back, never kept.
"""

import re
import unicodedata

from portal.core.hours.weekly_hours import DASHES, DAY_OF, FILLERS, HoursError, format_hours, parse_hours

LONGEST = 100
USUAL_DAYS, USUAL_TIMES = "Mon-Fri", "09:00-17:00"
EXCEPTIONS = "not no never except without but only nicht kein keine außer ausser ohne nur half every other"
"""Words that turn hours into others than those written beside them; then nothing is guessed."""
CLOCK_WORDS = frozenset(("noon", "midday", "mittag", "midnight", "mitternacht", "pm", "p", "m", "a"))
WORD = re.compile(r"[^\W\d_]+")
BETWEEN = "|".join((r"[-\u2010-\u2015\u2212~]", *sorted(DASHES)))
BARE_TIMES = re.compile(
    rf"(?<![\d:.])(?P<start>\d{{1,2}})(?P<from>[:.]\d\d)?(?P<between>\s*(?:{BETWEEN})\s*)"
    r"(?P<end>\d{1,2})(?P<to>[:.]\d\d)?(?![\d:.]|\s*[ap]\.?m)",
    re.IGNORECASE,
)


def hours_meant(text: str) -> str:
    """Hours as they are kept that may be meant by `text`; "" where nothing can be guessed."""
    words = unicodedata.normalize("NFKC", text)
    if len(words) > LONGEST or set(EXCEPTIONS.split()) & set(WORD.findall(words.casefold())):
        return ""
    words = WORD.sub(_known_word, re.sub(r"[^\w\s:.,;&~\-\u2010-\u2015\u2212]", " ", words))
    has_times = re.search(r"\d", words)
    for days, times in (("", ""), (USUAL_DAYS, "")) if has_times else (("", USUAL_TIMES),):
        for written in (words, BARE_TIMES.sub(_to_afternoon, words)):
            try:
                return format_hours(parse_hours(f"{days} {written} {times}"))
            except HoursError:
                continue
    return ""


def _known_word(match: re.Match[str]) -> str:
    word = match.group().casefold()
    known = {word, word.removesuffix("s")} & (DAY_OF.keys() | DASHES | FILLERS | CLOCK_WORDS)
    return match.group() if known else " "


def _to_afternoon(match: re.Match[str]) -> str:
    """Two times without am and pm of which the second is in the afternoon, as in 9-5."""
    start, end = int(match["start"]), int(match["end"])
    if not 0 < end < start <= 12:
        return match.group()
    return f"{start}{match['from'] or ''}{match['between']}{end + 12}{match['to'] or ''}"
