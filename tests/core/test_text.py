"""Names, addresses and hosts in every script, as they are stored."""

from __future__ import annotations

import pytest

from portal.core.text import ascii_domain, ascii_host, one_line


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  Ada \t King ", "Ada King"),
        ("Ada\r\nBcc: all", "Ada Bcc: all"),
        ("Ada\u2028King\u2029", "Ada King"),
        ("\u202eAda\u202c", "Ada"),
        ("A\u200bd\ufeffa\u2060 \u2066King\u2069", "Ada King"),
        ("Ada\u00a0\u2003King", "Ada King"),
        ("Ada\u200dKing\u200c", "AdaKing"),
        ("مهدی\u200cزاده", "مهدی\u200cزاده"),
        ("क\u094d\u200dष", "क\u094d\u200dष"),
        ("Di 👩\u200d💻", "Di 👩\u200d💻"),
        ("Zoe\u0301", "Zoé"),
        ("אבי כהן", "אבי כהן"),
        ("\u200b\u200e", ""),
    ],
)
def test_a_line_holds_nothing_that_cannot_be_seen(typed: str, stored: str) -> None:
    assert one_line(typed) == stored
    assert one_line(stored) == stored


@pytest.mark.parametrize(
    ("domain", "known"),
    [
        ("straße.example", "xn--strae-oqa.example"),
        ("STRASSE.example", "strasse.example"),
        ("βόλος.example", "xn--nxasmm1c.example"),
        ("Bücher。example", "xn--bcher-kva.example"),
        ("example.com", "example.com"),
    ],
)
def test_a_domain_is_the_one_that_is_meant(domain: str, known: str) -> None:
    assert ascii_domain(domain) == known


@pytest.mark.parametrize("domain", ["ex☃ample..example", "-ü.example", "ü" * 64 + ".example", "a\u200bü .x"])
def test_a_domain_that_cannot_be_is_refused(domain: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        ascii_domain(domain)


def test_only_the_host_of_an_address_is_changed() -> None:
    url = "https://jörg:pä@straße.example:8443/käse?ö=ü"
    assert ascii_host(url) == "https://jörg:pä@xn--strae-oqa.example:8443/käse?ö=ü"
    assert ascii_host("https://example.com/käse") == "https://example.com/käse"
