"""The answer (409) to a form that came too late: what is saved now beside what was typed, to choose from.

htmx gets `_conflict.html` in the form's place; without it the same choice comes as a page of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import make_response, render_template
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.web.htmx import is_htmx
from portal.web.toasts import render_out_of_band


@dataclass(frozen=True)
class Difference:
    """One field, in words, with both values; what is equal is left out."""

    label: Any
    yours: Any
    theirs: Any


@dataclass(frozen=True)
class Conflict:
    """What `_conflict.html` shows. `id` is the element that the answer replaces, a row when it has `columns`.

    `keep_url` takes a POST of `values`, the reader's with the version now seen; `leave_url` shows what is
    saved.
    """

    id: str
    message: str
    differences: Sequence[Difference]
    values: Mapping[str, Any]
    keep_url: str
    leave_url: str
    columns: int | None = None


@dataclass(frozen=True)
class ConflictPage:
    """What stands around the choice on a page of its own."""

    heading: str
    back_url: str = ""
    back_label: str = ""
    title: str = ""
    section: str = ""
    """A heading that only screen readers meet."""
    css_class: str = "stack"


def conflict_answer(conflict: Conflict, page: ConflictPage) -> Response:
    """The choice between both values: a fragment for htmx, a page otherwise."""
    if is_htmx():
        return make_response(render_template("_conflict.html", **vars(conflict)) + render_out_of_band(), 409)
    return conflict_page(conflict, page)


def conflict_page(conflict: Conflict, page: ConflictPage) -> Response:
    """The choice as a page, whoever asks."""
    context = {**vars(conflict), "columns": None}  # no row of a table here
    title = page.title or _("Somebody was faster")
    return make_response(render_template("web/conflict.html", page=page, title=title, **context), 409)
