"""Settings about letters and their answers: what is understood, and what stops the start with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.errors import SettingsError
from portal.settings import Mailbox, Settings, new_keys


def settings(folder: Path, **environ: str) -> Settings:
    return Settings.from_environment({**new_keys(), "PORTAL_INSTANCE": str(folder), **environ})


@pytest.mark.parametrize(
    ("url", "mailbox"),
    [
        ("imaps://user:pass@mail.example.com:993/INBOX", Mailbox("mail.example.com", 993, "user", "pass")),
        ("imaps://a%40b.de:p%2Fw@mail.example.com", Mailbox("mail.example.com", 993, "a@b.de", "p/w")),
        ("imap://u:p@mail/Answers%20in", Mailbox("mail", 143, "u", "p", "starttls", "Answers in")),
        ("imap://u:p@localhost:8143/?tls=none", Mailbox("localhost", 8143, "u", "p", "none")),
    ],
)
def test_a_mailbox_is_understood_and_its_password_is_never_shown(
    tmp_path: Path, url: str, mailbox: Mailbox
) -> None:
    found = settings(tmp_path, IMAP_URL=url)
    assert (found.mailbox, found.reads_answers) == (mailbox, True)
    assert (
        mailbox.password
        not in repr(found).replace(str(tmp_path), "").partition("mailbox=")[2].partition("password")[2]
    )


@pytest.mark.parametrize(
    "url",
    [
        *(
            "imaps://mail.example.com",
            "pop3://u:p@mail",
            "imaps://u:p@",
            "imaps://u:p@mail:port",
            "imaps://u@mail",
        ),
        *("imaps://u:p@mail/?tls=maybe", "imaps://u:p@mail/In%0Abox", "mail.example.com"),
    ],
)
def test_a_malformed_mailbox_stops_the_start_with_the_reason_and_without_the_password(
    tmp_path: Path, url: str
) -> None:
    with pytest.raises(
        SettingsError, match=r"IMAP_URL must look like imaps://user:password@host:993/INBOX\."
    ) as stopped:
        settings(tmp_path, IMAP_URL=url)
    assert url not in stopped.value.message


def test_a_mailbox_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "imap").write_text("imaps://user:pass@mail.example.com/INBOX\n")
    found = settings(tmp_path, IMAP_URL_FILE=str(tmp_path / "imap"))
    assert found.mailbox == Mailbox("mail.example.com", 993, "user", "pass")


def test_answers_go_to_the_senders_address_unless_another_is_set(tmp_path: Path) -> None:
    plain = settings(tmp_path, MAIL_FROM="mentoring@example.com")
    other = settings(tmp_path, MAIL_FROM="mentoring@example.com", REPLY_ADDRESS="answers@example.com")
    assert (plain.answers_address, plain.reads_answers) == ("mentoring@example.com", False)
    assert (other.answers_address, other.reads_answers) == ("answers@example.com", True)


@pytest.mark.parametrize(
    "address", ["Answers <a@example.com>", "no address", "a@b@c", f"{'x' * 31}@example.com"]
)
def test_a_reply_address_that_is_none_stops_the_start(tmp_path: Path, address: str) -> None:
    with pytest.raises(SettingsError, match="REPLY_ADDRESS must be one plain address"):
        settings(tmp_path, REPLY_ADDRESS=address)


def test_a_domain_beyond_ascii_is_the_one_that_is_meant_in_every_setting(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        PUBLIC_URL="https://mentor.straße.example",
        TRUSTED_HOSTS="alt.straße.example",
        ALLOWED_EMAIL_DOMAINS="straße.example, @Bücher.example",
        MAIL_FROM="mentoring@straße.example",
        REPLY_ADDRESS="replies@straße.example",
        MAIL_URL="smtp://u:pä@mail.straße.example",
        IMAP_URL="imaps://u:p@mail.straße.example",
        CALDAV_ALLOWED_HOSTS="cal.straße.example:8443",
    )
    known = "xn--strae-oqa.example"
    assert found.public_url == f"https://mentor.{known}"
    assert found.trusted_hosts == (f"mentor.{known}", f"alt.{known}")
    assert found.allowed_email_domains == (known, "xn--bcher-kva.example")
    assert (found.mail_from, found.reply_address) == (f"mentoring@{known}", f"replies@{known}")
    assert found.mail is not None
    assert found.mailbox is not None
    assert {found.mail.host, found.mailbox.host} == {f"mail.{known}"}
    assert found.caldav_allowed_hosts == (f"cal.{known}:8443",)


def test_a_domain_that_cannot_be_is_named_by_its_setting_and_nothing_of_it_is_shown(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="MAIL_URL has a domain that cannot exist") as refused:
        settings(tmp_path, MAIL_URL="smtp://user:secret@-ü..example")
    assert "secret" not in str(refused.value)
