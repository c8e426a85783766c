"""One line of text as it is stored: nothing in it that cannot be seen, and no line's end."""

import re
import unicodedata

import idna

SPACES = re.compile(r"\s+")
JOINERS = "\u200c\u200d"
"""Zero-width (non-)joiner: Persian and Indic names need them between letters, emoji between symbols."""
INVISIBLE = frozenset("\u00ad\u061c\u180e\u200b\u200e\u200f\u2060\ufeff") | {
    chr(code) for span in (range(0x202A, 0x202F), range(0x2066, 0x206A)) for code in span
}
"""Soft hyphen, zero-width spaces, and what turns the direction of the text around it (UAX 9, 2)."""


def one_line(text: str) -> str:
    """`text` in Unicode's composed form (NFC), without invisible characters, with each run of white space,
    line ends too, as one space and none around it.
    """
    shown = "".join(char for char in unicodedata.normalize("NFC", text) if char not in INVISIBLE)
    if any(joiner in shown for joiner in JOINERS):
        shown = "".join(char for at, char in enumerate(shown) if char not in JOINERS or _joins(shown, at))
    return SPACES.sub(" ", shown).strip()


def _joins(text: str, at: int) -> bool:
    """Whether a joiner stands where it does something (RFC 5892, A.1 and A.2), or between two symbols."""
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    symbols = before and after and unicodedata.category(after) == "So"
    if symbols and (unicodedata.category(before) in ("So", "Sk") or before == "\ufe0f"):
        return True
    return bool(before and after and _valid_context(text, at))


def _valid_context(text: str, at: int) -> bool:
    try:
        return bool(idna.core.valid_contextj(text, at))
    except ValueError:
        return False


def ascii_domain(domain: str) -> str:
    """A domain as DNS knows it (IDNA 2008, UTS 46 without the transitional rules): `straße.example` is
    `xn--strae-oqa.example`, not `strasse.example`, which may be somebody else's. Raises ValueError.
    """
    if domain.isascii():
        return domain.lower()
    return idna.encode(domain, uts46=True).decode("ascii")


def ascii_host(url: str) -> str:
    """A URL with its host as DNS knows it; all else as it was. Raises ValueError."""
    if url.isascii():
        return url
    scheme, between, rest = url.partition("://")
    netloc, slash, path = re.match(r"([^/?#]*)([/?#]?)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]  # matches anything
    account, at, place = netloc.rpartition("@")
    host, colon, port = place.partition(":")
    return f"{scheme}{between}{account}{at}{ascii_domain(host)}{colon}{port}{slash}{path}"
