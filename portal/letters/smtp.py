"""The way out: one letter handed to the mail server over SMTP (RFC 5321), and what its answers mean.

Trouble is told in two parts: what kind it is, which decides when to try again, and the server's own words.
Trouble before the server takes the sender is the whole server's; after that it is this letter's.
"""

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from enum import StrEnum
from threading import Timer

from portal.errors import OutsideFailure
from portal.settings import Mail

ANSWER_SECONDS = 15
"""How long one answer of the mail server may take."""
WHOLE_SECONDS = 60
"""How long handing over one letter may take in all; must be well below delivery's lease."""
TOO_LARGE = 552


class Trouble(StrEnum):
    """What kept a letter from leaving."""

    UNREACHABLE = "unreachable"
    SIGN_IN = "sign-in"
    SENDER = "sender"
    BUSY = "busy"
    BROKEN = "broken"
    REFUSED = "refused"
    ADDRESS = "address"
    LINK = "link"


SERVERS_OWN = frozenset({Trouble.UNREACHABLE, Trouble.SIGN_IN, Trouble.SENDER})
FOR_GOOD = frozenset({Trouble.REFUSED, Trouble.ADDRESS, Trouble.LINK})


class NotSent(OutsideFailure):
    """A letter that could not be handed over. `whole_server` says that no other letter would leave either."""

    def __init__(self, trouble: Trouble, words: str) -> None:
        super().__init__(f"{trouble.value}: {words}", permanent=trouble in FOR_GOOD)
        self.trouble = trouble
        self.whole_server = trouble in SERVERS_OWN


def hand_over(message: EmailMessage, mail: Mail, *, sender: str, to: str) -> None:
    """Give `message` to the server; returns once the server has taken it for good. Raises NotSent."""
    with connected(mail) as server:
        try:
            server.send_message(message, from_addr=sender, to_addrs=[to])
        except smtplib.SMTPNotSupportedError as error:
            raise NotSent(Trouble.ADDRESS, str(error)) from error
        except smtplib.SMTPSenderRefused as error:
            raise _refusal(error.smtp_code, error.smtp_error, sender=True) from error
        except smtplib.SMTPRecipientsRefused as error:
            raise _refusal(*error.recipients[to]) from error
        except smtplib.SMTPResponseException as error:
            raise _refusal(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            raise NotSent(Trouble.BROKEN, _words(error)) from error


@contextmanager
def connected(mail: Mail) -> Iterator[smtplib.SMTP]:
    """A connection, encrypted and signed in as `mail` says; raises NotSent about the whole server."""
    try:
        server = _connect(mail)
    except smtplib.SMTPAuthenticationError as error:
        raise NotSent(Trouble.SIGN_IN, _said(error.smtp_code, error.smtp_error)) from error
    except smtplib.SMTPResponseException as error:
        raise NotSent(Trouble.UNREACHABLE, _said(error.smtp_code, error.smtp_error)) from error
    except (smtplib.SMTPException, OSError) as error:
        raise NotSent(Trouble.UNREACHABLE, _words(error)) from error
    watch = Timer(WHOLE_SECONDS, _hang_up, [server.sock])
    watch.daemon = True
    watch.start()
    try:
        yield server
    finally:
        watch.cancel()
        _part(server)


def _connect(mail: Mail) -> smtplib.SMTP:
    safe = ssl.create_default_context()
    if mail.tls == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(mail.host, mail.port, timeout=ANSWER_SECONDS, context=safe)
    else:
        server = smtplib.SMTP(mail.host, mail.port, timeout=ANSWER_SECONDS)
    try:
        if mail.tls == "starttls":
            server.starttls(context=safe)
        server.ehlo_or_helo_if_needed()
        if mail.username:
            server.login(mail.username, mail.password)
    except BaseException:
        server.close()
        raise
    return server


def _part(server: smtplib.SMTP) -> None:
    """Say goodbye. The letter's fate is settled by now, so an answer that never comes is no trouble."""
    with suppress(smtplib.SMTPException, OSError):
        if server.sock is not None:
            server.sock.settimeout(2)
            server.quit()
    server.close()


def _hang_up(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _refusal(code: int, words: bytes | str, *, sender: bool = False) -> NotSent:
    if code < 500:
        return NotSent(Trouble.BUSY, _said(code, words))
    if sender and code != TOO_LARGE:
        return NotSent(Trouble.SENDER, _said(code, words))
    return NotSent(Trouble.REFUSED, _said(code, words))


def _said(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return f"{code} {' '.join(text.split())}"[:400]


def _words(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__)[:400]
