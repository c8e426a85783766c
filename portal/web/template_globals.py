"""What templates may call: hashed addresses of static files, navigation, filters for words and times."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, request, url_for
from flask_babel import format_date, format_datetime, get_locale, get_timezone
from flask_babel import gettext as _
from flask_login import current_user

from portal.core.permissions import May
from portal.settings import Settings
from portal.web.access import may
from portal.web.forms import was_refused
from portal.web.template_space import OneNewline
from portal.web.toasts import waiting_toasts

ANYBODY, SIGNED_IN = "anybody", "signed in"


@dataclass(frozen=True)
class NavItem:
    """An entry of the navigation: its endpoint, who sees it, and the other addresses it stands for."""

    label: Any
    endpoint: str
    seen_by: May | str = SIGNED_IN
    stands_for: tuple[str, ...] = ()


@dataclass(frozen=True)
class NavLink:
    """A link of the navigation as the present page shows it."""

    label: str
    url: str
    current: bool


def add_template_globals(app: Flask, settings: Settings, items: Sequence[NavItem]) -> None:
    """Give templates their globals and filters."""
    app.jinja_options = {**app.jinja_options, "trim_blocks": True, "lstrip_blocks": True}
    app.jinja_env.add_extension(OneNewline)
    app.jinja_env.globals.update(
        asset=_asset_finder(Path(app.static_folder or "")),
        may=may,
        May=May,
        portal_name=settings.portal_name,
        demo=settings.demo,
        waiting_toasts=waiting_toasts,
        navigation_items=lambda: navigation(items),
        locale_code=lambda: str(get_locale() or "en").replace("_", "-"),
        list_args=list_args,
        was_refused=was_refused,
    )
    app.jinja_env.filters.update(
        initials=initials, day=day, moment=moment, in_zone=in_zone, translated=translated
    )


def translated(text: str) -> str:
    """A text from the database that may be ours, such as a topic's label. `_()` in a template takes it for
    safe HTML.
    """
    return str(_(text)) if text else ""


def navigation(items: Sequence[NavItem]) -> list[NavLink]:
    """The links this reader sees, the current one marked."""
    urls = {item: url_for(item.endpoint) for item in items if _sees(item)}
    above = [
        url
        for item, url in urls.items()
        if any(_leads_to(path, request.path) for path in (url, *item.stands_for))
    ]
    current = max(above, key=len, default="")
    return [NavLink(str(item.label), url, url == current) for item, url in urls.items()]


def _leads_to(path: str, current: str) -> bool:
    return current == path or (path != "/" and current.startswith(path.rstrip("/") + "/"))


def _sees(item: NavItem) -> bool:
    if item.seen_by == ANYBODY:
        return True
    if item.seen_by == SIGNED_IN:
        return bool(current_user.is_authenticated)
    return may(May(item.seen_by))


def _asset_finder(folder: Path) -> Callable[[str], str]:
    @lru_cache
    def hashed(name: str, changed: float) -> str:
        return hashlib.sha256((folder / name).read_bytes()).hexdigest()[:12]

    def asset(name: str) -> str:
        """The address of a static file; it changes when the file does, so browsers keep it for good."""
        file = folder / name
        return url_for(
            "static", filename=name, v=hashed(name, file.stat().st_mtime) if file.is_file() else None
        )

    return asset


def initials(name: str) -> str:
    """One or two letters that stand for a name: Ada King -> AK."""
    letters = [first for word in re.split(r"[\s-]+", name) if (first := _first_letter(word))]
    return "".join([*letters[:1], *letters[1:][-1:]]).upper() or "?"


def _first_letter(word: str) -> str:
    """The first letter of a word, whatever marks stand before it: “(Bob)” begins with B."""
    return next((char for char in word if char.isalpha()), "")


def day(value: date | datetime | None, format: str = "d MMMM y") -> str:
    """A date in the reader's language; a moment is first brought to the reader's zone."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return format_datetime(value, _as_written_here(format))
    return format_date(value, _as_written_here(format))


def moment(value: datetime | None, format: str = "d MMM y, HH:mm") -> str:
    """A moment in the reader's zone and language."""
    return format_datetime(value, _as_written_here(format)) if value else ""


def in_zone(value: datetime, zone: str, format: str = "HH:mm") -> str:
    """A moment as clocks in `zone` show it, in the reader's language."""
    shown = value.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return format_datetime(shown, _as_written_here(format), rebase=False)


def _as_written_here(format: str) -> str:
    """German writes a full stop after the day: 7. Dezember 2026."""
    german = str(get_locale() or "").startswith("de")
    return format.replace("d M", "d. M") if german else format


def readers_zone() -> ZoneInfo:
    """The reader's time zone."""
    return ZoneInfo(str(get_timezone()))


def list_args(**changes: Any) -> dict[str, Any]:
    """The present page's query arguments with `changes`; None takes one away. For links of sorted and
    filtered lists.
    """
    args = {**request.args.to_dict(), **changes}
    return {name: value for name, value in args.items() if value not in (None, "")}
