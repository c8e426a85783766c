"""The mailbox of answers, over a real IMAP server: each is read once, whoever reads beside, and whatever
breaks.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask
from sqlalchemy.exc import OperationalError

from portal.calendars.by_mail import invitation_letters, invitations, mailbox, messages, replies
from portal.clock import now
from portal.letters import delivery
from portal.operating import upkeep
from portal.settings import Mail
from tests.calendars import answers, inviting
from tests.calendars.answers import Facts
from tests.calendars.imap import MailServer
from tests.calendars.inviting import choose, event_of, posted, rows, weekly
from tests.postbox import Postbox

HUMAN = b"From: staff@example.com\r\nTo: mentoring@localhost\r\nSubject: Lunch\r\n\r\nShall we?\r\n"


@pytest.fixture(params=["", mailbox.READ], ids=["a server without keywords", "a server with keywords"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MailServer]:
    """A real mail server of either kind."""
    server = MailServer(tmp_path, keyword=request.param)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[MailServer]:
    """A real mail server."""
    server = MailServer(tmp_path, keyword=mailbox.READ)
    server.start()
    yield server
    server.stop()


def reads(app: Flask, server: MailServer, **more: str) -> None:
    """Have the portal read the server's mailbox."""
    app.extensions["settings"] = replace(app.extensions["settings"], mailbox=server.mailbox(**more))


def facts(person, number: int = 0, minutes: int = 1) -> Facts:
    row = rows(person)[number]
    stamp = f"{now() + timedelta(minutes=minutes):%Y%m%dT%H%M%SZ}"
    return Facts(row.uid, invitation_letters.address_of(row), person.email, row.sequence, stamp)


def said(person) -> list[str]:
    return [each.answer for each in rows(person)]


def test_an_invitation_goes_round_from_a_mail_server_over_a_mailbox_onto_the_page(
    app: Flask, make, mira, sam, new_visitor, smtp_server: Postbox, server: MailServer
) -> None:
    mail = Mail("127.0.0.1", smtp_server.port, "", "")
    app.extensions["settings"] = replace(app.extensions["settings"], mail=mail, mailbox=server.mailbox())
    pairing = weekly(make, mira, sam, count=1)
    choose(mira)
    invitations.invite(mira.id)
    delivery.sweep()
    [arrived] = smtp_server.to(mira.email)
    event = event_of(next(arrived.iter_attachments()).get_content())
    given = Facts(
        str(event["UID"]),
        str(event["ORGANIZER"]).removeprefix("mailto:"),
        str(event["ATTENDEE"]).removeprefix("mailto:"),
        int(event["SEQUENCE"]),
        f"{now():%Y%m%dT%H%M%SZ}",
    )
    server.put(answers.message("thunderbird", given))
    assert (mailbox.poll(), mailbox.poll()) == (1, 0)
    assert "Mira Mentor has accepted." in new_visitor(sam).get(f"/pairings/{pairing.id}").text
    server.put(
        answers.message(
            "thunderbird", replace(given, stamp=f"{now() + timedelta(minutes=2):%Y%m%dT%H%M%SZ}"), "DECLINED"
        )
    )
    assert mailbox.poll() == 1
    assert "has declined." in new_visitor(sam).get(f"/pairings/{pairing.id}").text
    delivery.sweep()
    [*_, letter] = smtp_server.to(sam.email)
    subject = message_from_bytes(bytes(letter), policy=policy.default)[
        "Subject"
    ]  # a long one begins on the second line
    assert subject.strip().startswith("Mira Mentor cannot come")


def test_each_message_is_read_once_and_no_broken_one_keeps_the_others_from_being_read(
    app: Flask, pair, mira, server: MailServer
) -> None:
    reads(app, server)
    for each in (
        HUMAN,
        b"From: x@example.com\r\n\r\n" + b"x" * messages.LARGEST,
        b"\xff\xfe\0 no message",
        answers.message(
            "gmail", replace(facts(mira), organizer="mentoring+1-aaaaaaaaaaaaaaaaaaaa@localhost")
        ),
        answers.message("outlook", facts(mira, 0)),
        answers.message("apple", facts(mira, 2), "TENTATIVE"),
    ):
        server.put(each)
    assert (mailbox.poll(), mailbox.poll(), said(mira)) == (6, 0, ["accepted", "", "tentative"])
    passed, taken = (mailbox.READ, f"{mailbox.READ} \\Seen") if server.keyword else ("\\Seen", "\\Seen")
    assert [set(each.split()) for each in server.flags()] == [
        set(each.split()) for each in [passed] * 4 + [taken] * 2
    ]


def test_a_defect_of_ours_blocks_no_other_message_but_a_database_that_is_away_has_it_read_again(
    app: Flask, pair, mira, plain: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads(app, plain)
    real, errors = (
        replies.take,
        [RuntimeError("a defect"), OperationalError("", {}, Exception("away")), None, None],
    )

    def take(message, *, at):
        error = errors.pop(0)
        if error:
            raise error
        return real(message, at=at)

    monkeypatch.setattr(replies, "take", take)
    for number in range(3):
        plain.put(answers.message("gmail", facts(mira, number)))
    with pytest.raises(OperationalError):
        mailbox.poll()
    assert (mailbox.poll(), said(mira)) == (2, ["", "accepted", "accepted"])


def test_a_message_taken_by_a_worker_that_died_before_marking_it_is_taken_once(
    app: Flask, pair, mira, sam, plain: MailServer
) -> None:
    reads(app, plain)
    raw = answers.message("gmail", facts(mira), "DECLINED")
    replies.receive(raw)
    plain.put(raw)
    assert (mailbox.poll(), len(posted(sam)), said(mira)[0]) == (1, 1, "declined")


def test_workers_at_the_same_time_do_not_both_read(app: Flask, pair, mira, plain: MailServer) -> None:
    reads(app, plain)
    for number in range(3):
        plain.put(answers.message("gmail", facts(mira, number)))
    read, ready = list[int](), threading.Barrier(4)

    def work() -> None:
        with app.app_context():
            ready.wait()
            read.append(mailbox.poll())

    workers = [threading.Thread(target=work) for _ in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert (sum(read), said(mira)) == (3, ["accepted"] * 3)


def test_a_mailbox_that_cannot_be_read_harms_nothing_and_the_doctor_says_so(
    app: Flask, pair, plain: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = mailbox.ANSWER_SECONDS
    monkeypatch.setattr(mailbox, "ANSWER_SECONDS", 1)
    silent = socket.create_server(("127.0.0.1", 0))
    troubles = {
        "the password": plain.mailbox(password="wrong"),
        "the folder": plain.mailbox(folder="No such folder"),
        "nobody there": replace(
            plain.mailbox(), port=inviting.current().mailbox.port if inviting.current().mailbox else 9
        ),
        "silent": replace(plain.mailbox(), port=silent.getsockname()[1]),
        "no STARTTLS": plain.mailbox(tls="starttls"),
        "no TLS": plain.mailbox(tls="tls"),
    }
    for name, told in troubles.items():
        app.extensions["settings"] = replace(app.extensions["settings"], mailbox=told)
        assert (name, mailbox.poll()) == (name, 0)
        assert doctors_word(app)[0] is False
    silent.close()
    monkeypatch.setattr(mailbox, "ANSWER_SECONDS", patient)
    reads(app, plain)
    assert doctors_word(app) == (True, "INBOX at 127.0.0.1 is read; 0 messages wait")
    app.extensions["settings"] = replace(app.extensions["settings"], mailbox=None)
    assert doctors_word(app) == (
        True,
        "no IMAP_URL, so answers to invitations are not read, as invitations say",
    )


def doctors_word(app: Flask) -> tuple[bool, str]:
    [found] = [each for each in upkeep.examine(app) if each.part == "answers"]
    return found.well, found.says


def test_a_connection_is_encrypted_and_only_with_a_server_that_proves_itself(
    app: Flask, pair, mira, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = self_signed(tmp_path)
    server = MailServer(tmp_path, certificate=certificate, key=key)
    server.start()
    try:
        reads(app, server, tls="starttls", host="localhost")
        word = doctors_word(app)
        assert (mailbox.poll(), word[0], "certificate" in word[1]) == (0, False, True), word
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert doctors_word(app)[0], doctors_word(app)
    finally:
        server.stop()


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that nobody trusts, and its key."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]),
    )
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = (
        builder.serial_number(1)
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
    )
    made = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    (folder / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*plain))
    return folder / "certificate.pem", folder / "key.pem"
