"""Access marks. Every route carries exactly one: `@public`, `@signed_in` or `@requires(May.…)`.

`check_marks` stops the start when a route has none. What one may not see answers 404, as if it did not
exist.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, Response, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.core.permissions import May, allowed
from portal.errors import NotFound
from portal.web.htmx import is_htmx

P = ParamSpec("P")
R = TypeVar("R")
SIGN_IN = "account.sign_in"


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Anybody may see this."""

    @wraps(view)
    def marked(*args: P.args, **kwargs: P.kwargs) -> R:
        return view(*args, **kwargs)

    return _mark(marked, "public")


def signed_in(view: Callable[P, R]) -> Callable[P, R]:
    """Anybody who is signed in may see this; others are led to sign in, and back."""

    @wraps(view)
    def marked(*args: P.args, **kwargs: P.kwargs) -> R:
        if not current_user.is_authenticated:
            return cast(R, to_sign_in())
        return view(*args, **kwargs)

    return _mark(marked, "signed in")


def requires(what: May) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Only those who may do `what` see this; to the others it does not exist."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def marked(*args: P.args, **kwargs: P.kwargs) -> R:
            if not current_user.is_authenticated:
                return cast(R, to_sign_in())
            if not may(what):
                raise NotFound
            return view(*args, **kwargs)

        return _mark(marked, what.value)

    return decorate


def may(what: May) -> bool:
    """Whether the reader may do `what`."""
    return bool(current_user.is_authenticated) and allowed(current_user.roles, what)


def to_sign_in() -> BaseResponse:
    """Lead to the sign-in page and back; a fragment's request gets 401 and moves the whole page."""
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    if not is_htmx():
        return redirect(url_for(SIGN_IN, next=wanted), 303)
    back = _path_of(request.headers.get("HX-Current-URL", ""))
    return Response(status=401, headers={"HX-Redirect": url_for(SIGN_IN, next=back)})


def _path_of(url: str) -> str | None:
    try:
        seen = urlsplit(url)
    except ValueError:
        return None
    return local_path(seen.path + (f"?{seen.query}" if seen.query else ""))


def local_path(target: str | None) -> str | None:
    """`target` if it is a path of this portal, and None for anything that could lead elsewhere."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    if any(ord(char) < 33 or char == "\\" for char in target):
        return None
    return target


def check_marks(app: Flask) -> None:
    """Raise RuntimeError naming every route without an access mark."""
    bare = sorted(
        {rule.endpoint for rule in app.url_map.iter_rules() if not mark_of(app.view_functions[rule.endpoint])}
    )
    if bare:
        raise RuntimeError(f"routes without an access mark: {', '.join(bare)}")


def mark_of(view: Callable[..., Any]) -> str | None:
    """The view's access mark, as text."""
    return getattr(view, "access_mark", None)


def _mark(view: Callable[P, R], mark: str) -> Callable[P, R]:
    if mark_of(view.__wrapped__):  # type: ignore[attr-defined]  # set by functools.wraps
        raise RuntimeError(f"{view.__qualname__} carries two access marks")
    view.access_mark = mark  # type: ignore[attr-defined]  # this is where the attribute is made
    return view
