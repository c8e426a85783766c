"""Languages as people write them ("English, Deutsch, fr") and as they are kept: codes of ISO 639."""

import re
from functools import lru_cache

from babel import Locale, UnknownLocaleError

MOST = 12
_NATIVE = """
ar az be bg bn bs ca cs cy da de el en es et eu fa fi fil fr ga gl gu he hi hr hu hy id is it ja ka kk kn ko
lb lt lv mk ml mn mr ms mt my nb ne nl nn no pa pl pt ro ru sk sl sq sr sv sw ta te th tr uk ur uz vi zh
"""


def parse_languages(text: str) -> list[str]:
    """The codes of languages separated by commas or semicolons, in order; raises ValueError with the one not
    known.
    """
    codes = list(dict.fromkeys(_code(name) for name in re.split(r"[,;\n]", text) if name.strip()))
    if len(codes) > MOST:
        raise ValueError(text.strip())
    return codes


def format_languages(codes: list[str], locale: str = "en") -> str:
    """The languages by their names in the reader's language, separated by commas."""
    names = _names(locale)
    return ", ".join(names.get(code, code) for code in codes)


def _code(text: str) -> str:
    wanted = " ".join(text.casefold().split())
    if wanted in _names("en"):
        return wanted
    code = _by_name().get(wanted) or _by_own_name().get(wanted)
    if code is None:
        raise ValueError(text.strip())
    return code


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
