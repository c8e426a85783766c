"""Sign in to a calendar server: HTTP Basic at once, or Digest as challenged. Never printed or pickled."""

from typing import Any

from niquests.auth import HTTPBasicAuth, HTTPDigestAuth
from niquests.utils import parse_dict_header


class _Digest(HTTPDigestAuth):
    """HTTP Digest (RFC 7616) that is given its challenge; the library's own way reads the body of a refusal
    without a limit.
    """

    def take(self, challenge: str) -> None:
        self.init_per_thread_state()
        state: Any = self._thread_local.get()
        state.chal = parse_dict_header(challenge.partition(" ")[2])

    def fits(self) -> bool:
        """Whether the challenge can be answered: it may be incomplete, or ask for an unknown algorithm."""
        state: Any = self._thread_local.get()
        try:
            return self.build_digest_header("GET", "https://localhost/") is not None
        except (ValueError, KeyError, AttributeError, TypeError):
            return False
        finally:
            state.last_nonce, state.nonce_count = "", 0  # the real request is to be the first

    def __call__(self, request: Any) -> Any:
        request.headers["Authorization"] = self.build_digest_header(request.method, request.url)
        return request


class Credentials:
    """A user name and a password; their `repr` shows neither. `scheme` is basic or digest."""

    def __init__(self, username: str, password: str, scheme: str = "basic") -> None:
        self.scheme = scheme
        self._basic = HTTPBasicAuth(username.encode(), password.encode())
        self._digest = _Digest(username, password)
        self._challenged = False

    def __repr__(self) -> str:
        return "<Credentials …>"

    def __reduce__(self) -> Any:
        raise TypeError("credentials are not written down")

    @property
    def present(self) -> Any:
        """What to authenticate a request with; nothing until a Digest challenge is known."""
        if self.scheme == "basic":
            return self._basic
        return self._digest if self._challenged else _nothing

    def answer(self, challenges: str) -> bool:
        """Take the challenge of a 401; whether to try again with it."""
        at = challenges.lower().find("digest ")
        if at < 0:
            return False
        try:
            self._digest.take(challenges[at:])
        except (ValueError, IndexError):
            return False
        if not self._digest.fits():
            return False
        self.scheme, self._challenged = "digest", True
        return True


def _nothing(request: Any) -> Any:
    return request
