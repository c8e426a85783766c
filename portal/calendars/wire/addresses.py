"""Which addresses of calendar servers requests may go to. People type them, so each is checked before
anything is sent (against server-side request forgery).

The operator's allowed hosts and networks come first, then the networks that are never allowed; all else must
be public. Python's `is_global` misjudges an IPv4 address inside an IPv6 one, so those are unwrapped first.
"""

import ipaddress
import logging
from dataclasses import dataclass
from urllib.parse import urlsplit

from portal.errors import OutsideFailure
from portal.settings import Network, current

log = logging.getLogger(__name__)
LONGEST_DETAIL = 500
NEVER = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4"),
        *("100.100.100.200/32", "168.63.129.16/32"),
        *(
            "::/128",
            "::1/128",
            "fe80::/10",
            "fec0::/10",
            "ff00::/8",
            "fd00:ec2::254/128",
            "64:ff9b:1::/48",
            "2001::/32",
        ),
    )
)
NAT64 = ipaddress.ip_network("64:ff9b::/96")
TRANSLATED = ipaddress.ip_network("::ffff:0:0:0/96")
COMPATIBLE = ipaddress.ip_network("::/96")
ISATAP = (0x00005EFE, 0x02005EFE)
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Trouble(OutsideFailure):
    """A calendar server failed or was refused. `problem` is a key of letters.PROBLEMS, `detail` is logged."""

    def __init__(
        self, problem: str, detail: str = "", *, permanent: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(problem, permanent=permanent)
        self.problem, self.detail, self.retry_after = problem, detail, retry_after


def refused(detail: str) -> Trouble:
    """The same error for every address that is not allowed, so that nobody can probe networks with it."""
    log.warning("calendar address refused: %s", detail[:LONGEST_DETAIL])
    return Trouble("refused-address", detail, permanent=True)


@dataclass(frozen=True)
class Origin:
    """Scheme, host and port of an address, normalised."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"https": 443, "http": 80}[self.scheme]
        return f"{self.scheme}://{host}" + (f":{self.port}" if self.port != usual else "")

    @staticmethod
    def of(url: str) -> "Origin":
        """The origin of an address; raises Trouble for one that parsers might understand differently."""
        try:
            if not url.isascii() or not url.isprintable() or set(url) & set('\\ <>"{}|^`'):
                raise ValueError("odd characters")
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname or set(parts.netloc) & set("@%"):
                raise ValueError("no plain http address")
            if parts.hostname.endswith("."):
                raise ValueError("a dot at the end")
            return Origin(
                parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}[parts.scheme]
            )
        except ValueError as error:
            raise refused(f"{url!r}: {error}") from None


@dataclass(frozen=True)
class Rules:
    """What the operator allows beside public addresses: hosts (`name` or `name:port`) and networks."""

    hosts: tuple[str, ...] = ()
    nets: tuple[Network, ...] = ()

    def lists(self, host: str, port: int) -> bool:
        """Whether the operator has listed this host."""
        return host in self.hosts or f"{host}:{port}" in self.hosts

    def check(self, origin: Origin) -> None:
        """Raise Trouble for http to a host that is not listed."""
        if origin.scheme != "https" and not self.lists(origin.host, origin.port):
            raise refused(f"{origin} is not https")

    def allows(self, address: str, *, host: str, port: int) -> bool:
        """Whether an address that `host` resolved to may be connected to."""
        ip = unwrapped(ipaddress.ip_address(address.partition("%")[0]))
        if self.lists(host, port) or any(ip in net for net in self.nets):
            return True
        return not any(ip in net for net in NEVER) and ip.is_global


def unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one (mapped, 6to4, NAT64, translated, compatible, ISATAP), or the
    address itself.
    """
    if not isinstance(address, ipaddress.IPv6Address):
        return address
    last = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    inside = address.ipv4_mapped or address.sixtofour
    if inside is None and (address in NAT64 or address in TRANSLATED):
        inside = last
    if inside is None and address in COMPATIBLE and int(address) > 1:
        inside = last
    if inside is None and (int(address) >> 32) & 0xFFFFFFFF in ISATAP:
        inside = last
    return inside or address


def rules() -> Rules:
    """The rules from the operator's settings."""
    return Rules(current().caldav_allowed_hosts, current().caldav_allowed_nets)
