"""Languages as people write them ("English, Deutsch, fr") and as they are kept: codes of ISO 639."""

import re
from functools import lru_cache

from babel import Locale, UnknownLocaleError

MOST = 12
LONGEST = 100
_REGION = re.compile(r"(?<=^..)[-_](?:[a-z]{2}|[a-z]{4}|\d{3})$|(?<=^...)[-_](?:[a-z]{2}|[a-z]{4}|\d{3})$")
"""What stands behind the code of a language: a region or a script, as in en-GB."""
_BETWEEN = re.compile(r"[,;/|&+\n]|\s(?:and|und)\s")
_LEVEL = (
    r"(?:very good|sehr gut|business fluent|verhandlungssicher|native speaker|mother tongue"
    r"|muttersprachler(?:in)?|muttersprache|fließend|fliessend|fluent(?:ly)?|native|proficient|advanced|good|gut|business|bilingual"
    r"|b1|b2|c1|c2)"
)
"""How well somebody speaks a language, where that is enough for a conversation; "basic" and A1 are not."""
_WITH_LEVEL = re.compile(
    rf"(?P<before>{_LEVEL}\s)?\s*(?P<name>[^\s(\[:-].*?)\s*(?P<after>[\s(\[:–-]+{_LEVEL}\s*[)\]]?)?",
    re.IGNORECASE,
)
_NATIVE = """
ar az be bg bn bs ca cs cy da de el en es et eu fa fi fil fr ga gl gu he hi hr hu hy id is it ja ka kk kn ko
lb lt lv mk ml mn mr ms mt my nb ne nl nn no pa pl pt ro ru sk sl sq sr sv sw ta te th tr uk ur uz vi zh
"""


def parse_languages(text: str) -> list[str]:
    """The codes of languages, in order; raises ValueError with the one not known. Commas, semicolons, slashes
    and "and" separate them; regions (en-GB) and how fluent somebody is are left out.
    """
    codes = list(dict.fromkeys(_code(name) for name in _BETWEEN.split(text) if name.strip()))
    if len(codes) > MOST:
        raise ValueError(text.strip())
    return codes


def format_languages(codes: list[str], locale: str = "en") -> str:
    """The languages by their names in the reader's language, separated by commas."""
    names = _names(locale)
    return ", ".join(names.get(code, code) for code in codes)


def _code(text: str) -> str:
    wanted = " ".join(text.casefold().split())
    parts = _WITH_LEVEL.fullmatch(wanted[:LONGEST])
    for name in (wanted, parts["name"] if parts else ""):
        code = _known(name) or _known(_REGION.sub("", name))
        if code:
            return code
    raise ValueError(text.strip())


def _known(name: str) -> str | None:
    return name if name in _names("en") else _by_name().get(name) or _by_own_name().get(name)


@lru_cache(maxsize=8)
def _names(locale: str) -> dict[str, str]:
    try:
        names = Locale.parse(locale.replace("-", "_")).languages
    except (ValueError, UnknownLocaleError):
        names = Locale("en").languages
    return {code: name for code, name in names.items() if re.fullmatch(r"[a-z]{2,3}", code)}


@lru_cache(maxsize=1)
def _by_name() -> dict[str, str]:
    return {name.casefold(): code for locale in ("de", "en") for code, name in _names(locale).items()}


@lru_cache(maxsize=1)
def _by_own_name() -> dict[str, str]:
    """Read only when somebody writes a language by its own name: it opens a file for each."""
    return {(Locale.parse(code).get_language_name(code) or code).casefold(): code for code in _NATIVE.split()}
