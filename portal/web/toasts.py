"""Short messages after a change, with an undo where possible: out of band for htmx, else on the next page."""

from typing import Any

from flask import flash, g, get_flashed_messages, render_template, request


def toast(
    message: str, *, undo_url: str | None = None, undo_target: str | None = None, tone: str = "good"
) -> None:
    """Say `message` to the reader. `tone` is good, warn or bad.

    `undo_url` takes a POST that undoes the change; with `undo_target` (a selector, "#person-12") htmx puts
    its answer there.
    """
    entry: dict[str, Any] = {
        "message": str(message),
        "undo_url": undo_url,
        "undo_target": undo_target,
        "tone": tone,
    }
    if request.htmx:  # type: ignore[attr-defined]  # added by htmx-flask
        g.setdefault("toasts", []).append(entry)
    else:
        flash(entry)  # type: ignore[arg-type]  # a dict is stored as well as a text


def waiting_toasts() -> list[dict[str, Any]]:
    """What is to be shown on the page being drawn."""
    flashed: list[Any] = list(get_flashed_messages())
    return [*(entry for entry in flashed if isinstance(entry, dict)), *g.pop("toasts", [])]


def render_out_of_band() -> str:
    """The toasts made during this request as a fragment that finds its own place; "" if there are none."""
    toasts = g.pop("toasts", [])
    return render_template("_toasts.html", toasts=toasts, out_of_band=True) if toasts else ""
