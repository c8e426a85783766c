"""Time zones and the countries they lie in."""

from zoneinfo import ZoneInfo

import pytest

from portal.core.hours.places import country_of, known_zones


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("Europe/Berlin", "DE"),
        ("Europe/London", "GB"),
        ("Europe/Oslo", "NO"),
        ("Europe/Vienna", "AT"),
        ("America/New_York", "US"),
        ("America/Argentina/Buenos_Aires", "AR"),
        ("Asia/Kolkata", "IN"),
        ("Australia/Lord_Howe", "AU"),
        ("Africa/Asmara", "ER"),
        ("Atlantic/Reykjavik", "IS"),
    ],
)
def test_a_zone_lies_in_its_country(zone, country):
    assert country_of(zone) == country


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("Asia/Calcutta", "IN"),
        ("Europe/Kiev", "UA"),
        ("Europe/Belfast", "GB"),
        ("America/Buenos_Aires", "AR"),
        ("US/Eastern", "US"),
        ("GB", "GB"),
        ("Japan", "JP"),
        ("Iceland", "IS"),
        ("America/Coral_Harbour", "CA"),
        ("Atlantic/Jan_Mayen", "SJ"),
    ],
)
def test_an_old_name_lies_where_it_always_lay(zone, country):
    assert country_of(zone) == country


@pytest.mark.parametrize(
    "zone",
    [
        "UTC",
        "Etc/GMT+5",
        "GMT",
        "CET",
        "EST",
        "EST5EDT",
        "Factory",
        "",
        "Foo/Bar",
        "../zones",
        "\x00",
        "europe/berlin",
    ],
)
def test_what_is_no_place_has_no_country(zone):
    assert country_of(zone) is None


def test_zones_are_in_order_different_and_all_of_them_real():
    zones = known_zones()
    assert list(zones) == sorted(set(zones))
    assert len(zones) > 400
    assert {"Europe/Berlin", "Asia/Kathmandu", "Asia/Calcutta", "UTC"} <= set(zones)
    assert "Factory" not in zones
    assert [zone for zone in zones if ZoneInfo(zone).key != zone] == []


def test_every_zone_of_a_region_has_a_country():
    regions = (
        "Africa/",
        "America/",
        "Antarctica/",
        "Arctic/",
        "Asia/",
        "Atlantic/",
        "Australia/",
        "Europe/",
        "Indian/",
        "Pacific/",
    )
    placed = {zone: country_of(zone) for zone in known_zones() if zone.startswith(regions)}
    assert [zone for zone, country in placed.items() if country is None] == []
    assert {len(country) for country in placed.values()} == {2}
