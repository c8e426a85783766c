"""Passwords: kept as argon2id (RFC 9106), compared in the same time whoever asks, and refused when easy to
guess.

The cost follows OWASP's advice for argon2id (46 MiB and up). Never call `hashed` or `verify` inside
`transaction()`: they take a twentieth of a second each, and writers would queue behind it.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from flask_babel import gettext as _

from portal.errors import Invalid
from portal.people.accounts.common_passwords import COMMON_WORDS, RUNS

SHORTEST, LONGEST = 12, 200
MEMORY_KIB = 46 * 1024
FEWEST_KINDS, FEWEST_LEFT = 5, 4
_HASHER = PasswordHasher(time_cost=2, memory_cost=MEMORY_KIB, parallelism=1)
_DISGUISES = str.maketrans("013457$@!", "oleastsai")


def hashed(password: str) -> str:
    """The password as it is stored."""
    return _HASHER.hash(password)


def verify(password_hash: str | None, password: str) -> bool:
    """Whether the password is right. Without a hash (nobody there) it takes as long, and is wrong."""
    if len(password) > LONGEST:
        password_hash, password = None, password[:LONGEST]
    try:
        _HASHER.verify(password_hash or _nobodys_hash(), password)
    except (Argon2Error, InvalidHashError):
        return False
    return password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    """Whether it was kept with other costs than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def fingerprint(password_hash: str | None) -> str:
    """Names a stored password without giving anything away; a link is bound to it."""
    return hashlib.sha256((password_hash or "").encode()).hexdigest()


def check_strength(password: str, *, personal: Iterable[str] = (), field: str = "password") -> None:
    """Raise Invalid for a password that is too short, too long or easy to guess. `personal`: their name
    and address.
    """
    if len(password) < SHORTEST:
        raise Invalid(
            _("Use at least %(number)s characters; three or four words do well.", number=SHORTEST),
            field=field,
        )
    if len(password) > LONGEST:
        raise Invalid(_("Use at most %(number)s characters.", number=LONGEST), field=field)
    plain = password.casefold()
    if len(set(plain)) < FEWEST_KINDS or re.fullmatch(r"(.{1,6}?)\1+.{0,5}", plain, re.DOTALL):
        raise Invalid(
            _("This repeats itself. Use three or four words that do not belong together."), field=field
        )
    if _left_of(plain, COMMON_WORDS) < FEWEST_LEFT:
        raise Invalid(
            _(
                "This is one of the first that others would try. Use three or four words that do not belong"
                " together."
            ),
            field=field,
        )
    if _left_of(plain, COMMON_WORDS | _parts(personal)) < FEWEST_LEFT:
        raise Invalid(_("Leave your name and address out of your password; others know them."), field=field)


def _left_of(plain: str, words: frozenset[str]) -> int:
    """How many different letters and digits are left when words, runs and years are taken out, disguised ones
    too.
    """
    undisguised = _undisguised(plain)
    return min(_left_in(text, words) for text in (plain, undisguised) if text)


def _undisguised(plain: str) -> str:
    """P4ssw0rd -> password; digits and signs at either end are decoration."""
    return plain.strip("0123456789!?.,;:*#+-_$€&%/ ").translate(_DISGUISES)


def _left_in(text: str, words: frozenset[str]) -> int:
    for start in range(len(text) - 3, -1, -1):
        run = next(
            (size for size in range(len(text) - start, 3, -1) if _is_run(text[start : start + size])), 0
        )
        text = text[:start] + " " * bool(run) + text[start + run :]
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, " ")
    text = re.sub(r"(?<!\d)\d{1,4}(?!\d)", " ", text)
    return len({char for char in text if char.isalnum()})


def _is_run(piece: str) -> bool:
    return " " not in piece and any(piece in run or piece[::-1] in run for run in RUNS)


def _parts(texts: Iterable[str]) -> frozenset[str]:
    parts = (part for text in texts for part in re.split(r"[^\w]+|_", text.casefold()))
    return frozenset(part for part in parts if len(part) > 2)


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return hashed(secrets.token_urlsafe(32))
