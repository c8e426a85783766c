"""Answers to htmx: a fragment for it, a redirect or a whole page for everybody else.

htmx-flask knows the header names of older htmx versions, so `request.htmx` is taken as a yes or no only.
"""

from collections.abc import Callable
from typing import Any

from flask import Response, make_response, redirect, render_template, request
from htmx_flask import Htmx
from werkzeug.wrappers import Response as BaseResponse

from portal.web.toasts import render_out_of_band

htmx = Htmx()


def is_htmx() -> bool:
    """Whether htmx asks for a fragment (rather than a browser, or htmx on its behalf, for a page)."""
    return bool(request.htmx) and not request.htmx.boosted  # type: ignore[attr-defined]  # added by htmx-flask


def answer(
    fragment: str,
    *,
    back_to: str | None = None,
    page: Callable[[], str] | None = None,
    status: int = 200,
    **context: Any,
) -> BaseResponse:
    """The answer to a change: the fragment for htmx; otherwise a 303 to `back_to`, or the whole `page` with
    `status`.

    Toasts made during the request come along out of band.
    """
    if is_htmx():
        return make_response(render_template(fragment, **context) + render_out_of_band(), status)
    if page is not None:
        return make_response(page(), status)
    if back_to is None:
        raise RuntimeError("an answer needs a page or a place to go back to")
    return redirect(back_to, 303)


def redirect_to(url: str) -> BaseResponse:
    """Lead the whole page to `url`, whether htmx or a browser asked."""
    if is_htmx():
        return Response(status=204, headers={"HX-Redirect": url})
    return redirect(url, 303)
