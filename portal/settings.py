"""Settings come from the environment (`NAME`, or `NAME_FILE` naming a file) and are checked once, at the
start.

A malformed or missing setting stops the start; every reason is given at once, each with its mend.
"""

# long because every setting is read, checked and explained in this one place
import base64
import binascii
import ipaddress
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

from flask import current_app

from portal.core.text import ascii_domain, ascii_host
from portal.errors import SettingsError

PACKAGE = Path(__file__).resolve().parent
HOUSE = PACKAGE if (PACKAGE / "templates").is_dir() else PACKAGE.parent
"""The folder that holds templates/, static/ and migrations/: the package in a wheel, the checkout otherwise.
"""

SAMPLE_KEYS = {"change-me", "changeme", "secret", "dev", "test"}
DATABASES = ("sqlite:", "postgresql:", "postgresql+psycopg:", "postgres:")
DEMO_KEYS = "demo-keys.json"
MAIL_TLS = ("none", "starttls", "tls")
PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,30}@[A-Za-z0-9.-]{1,189}")
"""Answers come to it with a token of up to 34 characters more before the @, where 64 are the most (RFC 5321,
4.5.3.1).
"""
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Mail:
    """Where letters are handed over (SMTP, RFC 5321). `tls` is `none`, `starttls` or `tls` (from the first
    byte).
    """

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    tls: str = "none"


@dataclass(frozen=True)
class Mailbox:
    """Where answers to invitations are read (IMAP, RFC 9051). `tls` is as for Mail; `folder` is read and
    nothing else.
    """

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    tls: str = "tls"
    folder: str = "INBOX"


@dataclass(frozen=True)
class Settings:
    """Everything that can be set, checked and in its final type."""

    database_url: str = field(repr=False)
    huey_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    credential_keys: tuple[tuple[str, bytes], ...] = field(repr=False)
    public_url: str
    trusted_hosts: tuple[str, ...]
    mail: Mail | None
    mail_from: str
    portal_name: str
    default_time_zone: str
    allowed_email_domains: tuple[str, ...]
    instance: Path
    trusted_proxies: int = 0
    invitation_days: int = 7
    demo: bool = False
    caldav_allowed_hosts: tuple[str, ...] = ()
    caldav_allowed_nets: tuple[Network, ...] = ()
    semantic_topics: bool = False
    mailbox: Mailbox | None = None
    reply_address: str = ""

    @property
    def answers_address(self) -> str:
        """The address that answers to invitations go to, each with a token after a plus sign."""
        return self.reply_address or self.mail_from

    @property
    def reads_answers(self) -> bool:
        """Whether answers to invitations come back: out of a mailbox, or handed to `portal
        letters receive`.
        """
        return self.mailbox is not None or bool(self.reply_address)

    @property
    def https(self) -> bool:
        """Whether people reach the portal over https, as `PUBLIC_URL` says."""
        return self.public_url.startswith("https://")

    @staticmethod
    def from_environment(environ: Mapping[str, str]) -> "Settings":
        """Read and check all settings; raises SettingsError naming every one that is wrong."""
        return _Reader(environ).read()


class _Reader:
    """Reads one environment, collecting what is wrong with it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []
        self.instance = Path(environ.get("PORTAL_INSTANCE") or "instance").resolve()
        self.demo = environ.get("PORTAL_DEMO", "") == "1" or self.folder_of_a_demo()

    def read(self) -> Settings:
        self.make_folder()
        self.refuse_problems()  # a demo's keys are kept there
        public_url = self.public_url()
        secret_key, credential_keys = self.keys()
        settings = Settings(
            database_url=self.database_url(),
            huey_url=self.text("HUEY_URL"),
            secret_key=secret_key,
            credential_keys=credential_keys,
            public_url=public_url,
            trusted_hosts=self.trusted_hosts(public_url),
            mail=self.mail(),
            mail_from=self.mail_from(public_url),
            portal_name=self.text("PORTAL_NAME") or "Vice Versa",
            default_time_zone=self.time_zone(),
            allowed_email_domains=self.domains(),
            instance=self.instance,
            trusted_proxies=self.trusted_proxies(),
            invitation_days=self.invitation_days(),
            demo=self.demo,
            caldav_allowed_hosts=self.caldav_hosts(),
            caldav_allowed_nets=self.caldav_nets(),
            semantic_topics=self.semantic_topics(),
            mailbox=self.mailbox(),
            reply_address=self.reply_address(),
        )
        self.refuse_problems()
        return settings

    def refuse_problems(self) -> None:
        """Raise SettingsError with all that is wrong, if anything is."""
        if self.problems:
            raise SettingsError(
                "The portal cannot start:\n" + "\n".join(f"  - {problem}" for problem in self.problems)
            )

    def make_folder(self) -> None:
        """Have the folder in which the portal keeps its files."""
        try:
            self.instance.mkdir(parents=True, exist_ok=True)
            writable = os.access(self.instance, os.W_OK | os.X_OK)
        except OSError:
            writable = False
        if not writable:
            self.problems.append(
                f"PORTAL_INSTANCE: nothing can be written in {self.instance}. Give that folder to the user"
                " who runs the portal, or name another one."
            )

    def folder_of_a_demo(self) -> bool:
        """Without keys of its own, a folder in which a demo was begun stays a demo, whichever command looks
        at it.
        """
        own_keys = any(self.environ.get(name) for name in ("SECRET_KEY", "SECRET_KEY_FILE"))
        return not own_keys and (self.instance / DEMO_KEYS).exists()

    def text(self, name: str) -> str:
        """The setting's value, from the environment or the file that `<name>_FILE` names; "" when unset."""
        file = self.environ.get(f"{name}_FILE")
        if not file:
            return self.environ.get(name, "").strip()
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            self.problems.append(f"{name}_FILE names {file}, which cannot be read ({error.strerror}).")
            return ""

    def database_url(self) -> str:
        url = self.text("DATABASE_URL") or f"sqlite:///{self.instance / 'portal.db'}"
        if not url.startswith(DATABASES):
            self.problems.append("DATABASE_URL must begin with sqlite:// or postgresql://.")
        for plain in ("postgresql://", "postgres://"):
            if url.startswith(plain):
                return "postgresql+psycopg://" + url.removeprefix(plain)
        return url

    def public_url(self) -> str:
        url = self.in_ascii("PUBLIC_URL", self.text("PUBLIC_URL") or "http://localhost:8000").rstrip("/")
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
            self.problems.append(
                "PUBLIC_URL must be the address people use, like https://mentoring.example.com."
            )
        return url

    def trusted_hosts(self, public_url: str) -> tuple[str, ...]:
        listed = self.hosts("TRUSTED_HOSTS")
        own = urlsplit(public_url).hostname or "localhost"
        local = ["localhost", "127.0.0.1"] if self.demo or own in ("localhost", "127.0.0.1") else []
        return tuple(dict.fromkeys([own, *local, *listed]))

    def keys(self) -> tuple[str, tuple[tuple[str, bytes], ...]]:
        """SECRET_KEY signs, CREDENTIAL_KEYS seal. A demo without them makes its own and keeps them in its
        folder.
        """
        secret, ring = self.text("SECRET_KEY"), self.text("CREDENTIAL_KEYS")
        if self.demo and not (secret and ring):
            made = _demo_keys(self.instance)
            secret, ring = secret or made["SECRET_KEY"], ring or made["CREDENTIAL_KEYS"]
        if len(secret) < 32 or secret.lower() in SAMPLE_KEYS:
            self.problems.append(
                "SECRET_KEY must be at least 32 random characters. `portal keys new` prints one."
            )
        return secret, self.credential_keys(ring)

    def credential_keys(self, ring: str) -> tuple[tuple[str, bytes], ...]:
        found: list[tuple[str, bytes]] = []
        for entry in (each for each in ring.split(",") if each.strip()):
            name, _, encoded = entry.strip().partition(":")
            try:
                key = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                key = b""
            if len(key) != 32 or not name.isalnum() or key == bytes(32):
                self.problems.append(
                    f"CREDENTIAL_KEYS: the key “{name}” is not 32 random bytes in base64 under a short name"
                    " of letters and digits. `portal keys new` prints one."
                )
                return ()
            found.append((name, key))
        if not found:
            self.problems.append("CREDENTIAL_KEYS is missing. `portal keys new` prints one.")
        return tuple(found)

    def mail(self) -> Mail | None:
        url = self.in_ascii("MAIL_URL", self.text("MAIL_URL"))
        if not url:
            return None
        parts = urlsplit(url)
        tls = parse_qs(parts.query).get("tls", ["tls" if parts.scheme == "smtps" else "none"])[0]
        try:
            port = parts.port or (465 if tls == "tls" else 587 if tls == "starttls" else 25)
        except ValueError:
            port = 0
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname or not port or tls not in MAIL_TLS:
            self.problems.append("MAIL_URL must look like smtp://user:password@host:587?tls=starttls.")
            return None
        return Mail(parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""), tls)

    def mail_from(self, public_url: str) -> str:
        own = f"mentoring@{urlsplit(public_url).hostname or 'localhost'}"
        address = self.in_ascii("MAIL_FROM", self.text("MAIL_FROM")) or own
        if "@" not in address or any(each in address for each in "\r\n<>"):
            self.problems.append("MAIL_FROM must be one plain address, like mentoring@example.com.")
        return address

    def mailbox(self) -> Mailbox | None:
        """IMAP_URL; `imaps` is encrypted from the first byte, `imap` after STARTTLS unless it says
        `tls=none`.
        """
        url = self.in_ascii("IMAP_URL", self.text("IMAP_URL"))
        if not url:
            return None
        parts = urlsplit(url)
        tls = parse_qs(parts.query).get("tls", ["tls" if parts.scheme == "imaps" else "starttls"])[0]
        try:
            port = parts.port or (993 if tls == "tls" else 143)
        except ValueError:
            port = 0
        folder = unquote(parts.path.strip("/")) or "INBOX"
        named = parts.hostname and parts.username and parts.password and folder.isprintable()
        if parts.scheme not in ("imap", "imaps") or not named or not port or tls not in MAIL_TLS:
            self.problems.append("IMAP_URL must look like imaps://user:password@host:993/INBOX.")
            return None
        return Mailbox(
            str(parts.hostname), port, unquote(str(parts.username)), unquote(str(parts.password)), tls, folder
        )

    def reply_address(self) -> str:
        """REPLY_ADDRESS, when it is another one than MAIL_FROM or read otherwise than from a mailbox."""
        address = self.in_ascii("REPLY_ADDRESS", self.text("REPLY_ADDRESS"))
        if address and not PLAIN_ADDRESS.fullmatch(address):
            self.problems.append("REPLY_ADDRESS must be one plain address, like mentoring@example.com.")
        return address

    def time_zone(self) -> str:
        name = self.text("DEFAULT_TIME_ZONE") or "Europe/Berlin"
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            self.problems.append(
                f"DEFAULT_TIME_ZONE: “{name}” is no time zone. Use a name like Europe/Berlin."
            )
        return name

    def semantic_topics(self) -> bool:
        """Whether topics are offered by meaning too, which needs the extra `semantic`."""
        wanted = self.text("SEMANTIC_TOPICS") in ("1", "true", "yes")
        if wanted and find_spec("wordllama") is None:
            self.problems.append(
                "SEMANTIC_TOPICS needs the extra `semantic`. `pip install '.[semantic]'` installs it."
            )
        return wanted

    def invitation_days(self) -> int:
        """How long the letter that welcomes somebody added by staff lets them in."""
        days = self.text("INVITATION_DAYS") or "7"
        if not days.isdecimal() or not 1 <= int(days) <= 60:
            self.problems.append("INVITATION_DAYS must be a number of days from 1 to 60, like 7.")
            return 7
        return int(days)

    def trusted_proxies(self) -> int:
        count = self.text("TRUSTED_PROXIES") or "0"
        if not (count.isascii() and count.isdigit() and int(count) < 10):
            self.problems.append("TRUSTED_PROXIES must be the number of reverse proxies in front, like 1.")
            return 0
        return int(count)

    def domains(self) -> tuple[str, ...]:
        listed = (name.strip().lower().lstrip("@") for name in self.text("ALLOWED_EMAIL_DOMAINS").split(","))
        return tuple(dict.fromkeys(self.in_ascii("ALLOWED_EMAIL_DOMAINS", name) for name in listed if name))

    def hosts(self, setting: str) -> list[str]:
        """Hosts, or host:port, as DNS knows them, in lower case."""
        names = (name.strip().lower() for name in self.text(setting).split(","))
        urls = (self.in_ascii(setting, f"http://{name}") for name in names if name)
        return [url.removeprefix("http://") for url in urls]

    def in_ascii(self, setting: str, text: str) -> str:
        """A domain, an address or a URL with its domain as DNS knows it."""
        try:
            if "://" in text:
                return ascii_host(text)
            before, at, domain = text.rpartition("@")
            return f"{before}{at}{ascii_domain(domain)}"
        except ValueError:
            self.problems.append(f"{setting} has a domain that cannot exist.")
            return text

    def caldav_hosts(self) -> tuple[str, ...]:
        """Hosts (or host:port) that may be internal and may use http."""
        listed = self.hosts("CALDAV_ALLOWED_HOSTS")
        if any(set(each) & set("/@ *") for each in listed):
            self.problems.append(
                "CALDAV_ALLOWED_HOSTS must be names like cal.example.com or cal.example.com:8443."
            )
        return tuple(dict.fromkeys(listed))

    def caldav_nets(self) -> tuple[Network, ...]:
        """Networks whose addresses calendars may have though they are internal."""
        listed = [each.strip() for each in self.text("CALDAV_ALLOWED_NETS").split(",") if each.strip()]
        try:
            return tuple(ipaddress.ip_network(each) for each in listed)
        except ValueError as error:
            self.problems.append(f"CALDAV_ALLOWED_NETS must be networks like 10.1.0.0/16 ({error}).")
            return ()


def new_keys() -> dict[str, str]:
    """Fresh values of SECRET_KEY and CREDENTIAL_KEYS."""
    sealing = base64.b64encode(secrets.token_bytes(32)).decode()
    return {"SECRET_KEY": secrets.token_urlsafe(48), "CREDENTIAL_KEYS": f"k{secrets.token_hex(3)}:{sealing}"}


def _demo_keys(instance: Path) -> dict[str, str]:
    """The demo's own keys, made once and kept beside its database, so that a restart signs nobody out."""
    instance.mkdir(parents=True, exist_ok=True)
    file = instance / DEMO_KEYS
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(json.dumps(new_keys()), encoding="utf-8")
    return cast(dict[str, str], json.loads(file.read_text(encoding="utf-8")))


def current() -> Settings:
    """The settings of the application that is running."""
    return cast(Settings, current_app.extensions["settings"])
