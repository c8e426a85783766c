"""Time zones to choose from: those of the IANA database by their main names, the likely ones first."""

from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from typing import Any
from zoneinfo import available_timezones

from markupsafe import Markup, escape
from wtforms import SelectField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import Select

WELL_KNOWN = (
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "Asia/Kolkata",
    "Asia/Singapore",
    "UTC",
)


def is_zone(name: str) -> bool:
    """Whether the name is one that every part of the portal can reckon with."""
    return name in _all_names()


def choices(likely: Iterable[str], *, first: str, others: str) -> dict[str, list[SelectChoice]]:
    """The choices of a select in two groups with these headings."""
    near = [zone for zone in dict.fromkeys((*likely, *WELL_KNOWN)) if is_zone(zone)]
    far = [zone for zone in main_names() if zone not in near]
    return {first: [SelectChoice(zone) for zone in near], others: [SelectChoice(zone) for zone in far]}


@lru_cache(maxsize=1)
def main_names() -> tuple[str, ...]:
    """One name for each zone, without former spellings (zone1970.tab of the IANA database)."""
    table = resources.files("tzdata").joinpath("zoneinfo", "zone1970.tab").read_text(encoding="utf-8")
    return tuple(
        sorted(line.split("\t")[2] for line in table.splitlines() if line and not line.startswith("#"))
    )


@lru_cache(maxsize=1)
def _all_names() -> frozenset[str]:
    return frozenset(zone for zone in available_timezones() if "/" in zone or zone == "UTC")


class ShortSelect(Select):
    """A select whose options do not say everything twice; with hundreds of zones that is half of the page."""

    @classmethod
    def render_option(cls, choice: Any, **kwargs: Any) -> Markup:
        if choice.value != choice.label or kwargs or choice.render_kw:
            whole: Markup = super().render_option(choice, **kwargs)
            return whole
        return Markup("<option{}>{}</option>").format(
            Markup(" selected") if choice.selected else "", escape(choice.label)
        )


class ZoneField(SelectField):
    """A time zone, chosen from main names; any known name is taken."""

    widget = ShortSelect()

    def pre_validate(self, form: object) -> None:
        """Any name of the database will do, listed or not."""
        del form
        if not is_zone(self.data or ""):
            raise ValidationError(self.gettext("Choose a time zone from the list."))
