"""One family of errors. Each knows its HTTP status; its message tells the reader what to do next."""

from collections.abc import Mapping


class PortalError(Exception):
    """Something a person can be told about. `message` is shown as it is; `status` is the HTTP status."""

    status = 400

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


class NotFound(PortalError):
    """It does not exist, or the reader may not know that it does: the two look alike."""

    status = 404


class Refused(PortalError):
    """Known, seen, and not allowed."""

    status = 403


class Stale(PortalError):
    """Somebody else changed it first. `theirs` and `yours` map field names to the two values, for the reader
    to choose.
    """

    status = 409

    def __init__(
        self,
        message: str = "",
        *,
        theirs: Mapping[str, object] | None = None,
        yours: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.theirs = dict(theirs or {})
        self.yours = dict(yours or {})


class Invalid(PortalError):
    """The input cannot be taken as it is. `field` names the form field to mend, if there is one."""

    status = 422

    def __init__(self, message: str = "", *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class TooMany(PortalError):
    """Too many tries. `seconds` is how long to wait before the next one."""

    status = 429

    def __init__(self, message: str = "", *, seconds: int = 0) -> None:
        super().__init__(message)
        self.seconds = seconds


class OutsideFailure(PortalError):
    """A server that is not ours failed. `permanent` tells whether trying again is of any use."""

    status = 502

    def __init__(self, message: str = "", *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


class SettingsError(PortalError):
    """The portal cannot start as it is set up; the message lists every reason."""

    status = 500
