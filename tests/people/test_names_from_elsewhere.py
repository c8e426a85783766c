"""Languages and time zones as people and other systems write them."""

from zoneinfo import available_timezones

import pytest
from babel.core import get_global

from portal.core.matching.files.people_cells import Known, Unreadable
from portal.people.languages import parse_languages
from portal.people.zone_names import zones_meant

ALL_YEAR = "(this offset all year)"


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ("English and German", ["en", "de"]),
        ("Deutsch und Englisch", ["de", "en"]),
        ("EN/DE", ["en", "de"]),
        ("en | de", ["en", "de"]),
        ("English & French", ["en", "fr"]),
        ("en-GB", ["en"]),
        ("de_AT; fr-CA; zh-Hans", ["de", "fr", "zh"]),
        ("english (fluent)", ["en"]),
        ("Fluent English, native German", ["en", "de"]),
        ("English: C1; German - B2", ["en", "de"]),
        ("Deutsch (Muttersprache), Englisch (fließend)", ["de", "en"]),
    ],
)
def test_languages_are_understood_as_people_write_them(written: str, codes: list[str]) -> None:
    assert parse_languages(written) == codes


@pytest.mark.parametrize("written", ["English (basic)", "German A1", "Elvish", "fluent", "en-", "(" * 300])
def test_a_language_in_which_nobody_can_talk_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_languages(written)


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("GMT+1", f"Did you mean Europe/Berlin or Etc/GMT-1 {ALL_YEAR}?"),
        ("UTC+01:00", f"Did you mean Europe/Berlin or Etc/GMT-1 {ALL_YEAR}?"),
        ("Etc/UTC+1", f"Did you mean Europe/Berlin or Etc/GMT-1 {ALL_YEAR}?"),
        ("UTC-5", f"Did you mean America/New_York or Etc/GMT+5 {ALL_YEAR}?"),
        ("UTC+5:30", "Did you mean Asia/Kolkata?"),
        ("GMT", "Did you mean Europe/London or UTC?"),
        ("CET", "Did you mean Europe/Berlin?"),
        ("MEZ", "Did you mean Europe/Berlin?"),
        ("MESZ", "Did you mean Europe/Berlin?"),
        ("BST", "Did you mean Europe/London?"),
        ("EST", "Did you mean America/New_York?"),
        ("Eastern Time", "Did you mean America/New_York?"),
        ("CST", "Did you mean America/Chicago, Asia/Shanghai or America/Havana?"),
        ("W. Europe Standard Time", "Did you mean Europe/Berlin?"),
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "Did you mean Europe/Berlin?"),
        ("Germany", "Did you mean Europe/Berlin?"),
        ("Wien", "Did you mean Europe/Vienna?"),
        ("Berln", "Did you mean Europe/Berlin?"),
        ("XST", "Write the name of a zone, like Europe/Berlin."),
        ("GMT+99", "Write the name of a zone, like Europe/Berlin."),
        ("(" * 300, "Write the name of a zone, like Europe/Berlin."),
    ],
)
def test_a_time_zone_of_another_name_gets_the_right_hint(written: str, hint: str) -> None:
    with pytest.raises(Unreadable) as caught:
        Known(parse_languages, zones_meant=zones_meant).zone(written)
    assert caught.value.way == hint


def test_every_name_that_windows_has_leads_to_a_zone() -> None:
    names = get_global("windows_zone_mapping")
    assert len(names) > 100
    assert {zone for name in names for zone in zones_meant(name)} <= available_timezones()
    assert all(zones_meant(name) for name in names)


def test_no_abbreviation_is_answered_with_the_nearest_city() -> None:
    for abbreviation in ("CET", "EST", "PST", "MEZ", "XYZ", "GMT+1"):
        with pytest.raises(Unreadable) as caught:
            Known(parse_languages).zone(abbreviation)
        assert caught.value.way == "Write the name of a zone, like Europe/Berlin."
