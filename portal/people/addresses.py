"""E-mail addresses as the portal keeps them: one spelling each, lower case, ready for a mail server."""

import re

from portal.core.text import ascii_domain

LONGEST = 254  # RFC 5321, section 4.5.3.1.3, without the angle brackets
_LOCAL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def clean_address(text: str) -> str:
    """The address in its one spelling; raises ValueError when it is none that mail could reach (RFC 5321)."""
    local, at, domain = text.strip().lower().rpartition("@")
    try:
        domain = ascii_domain(domain)
    except ValueError:
        domain = ""
    labels = domain.split(".")
    whole = f"{local}@{domain}"
    right = at and len(local) <= 64 and len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels)
    if not right or len(whole) > LONGEST or not _LOCAL.fullmatch(local):
        raise ValueError("not an e-mail address")
    return whole


def domain_of(address: str) -> str:
    """What stands behind the @."""
    return address.rpartition("@")[2]
