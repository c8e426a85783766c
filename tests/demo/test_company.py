"""The people of the demo company and their season, before anything is written."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from random import Random

import pytest

from portal.core.matching.topics.index import CATALOGUE
from portal.demo.company import COMPANY, DEPARTMENTS, Employee, address, employees
from portal.demo.season import next_start

FIRST_DAY = date(2026, 1, 1)


def company_of(size: int) -> list[Employee]:
    return employees(size, Random(size))


@pytest.mark.parametrize("size", [30, 31, 120, 500, 2000])
def test_everybody_answers_to_somebody_higher_in_their_own_department_and_all_lines_end_at_one_chief(
    size: int,
) -> None:
    company = company_of(size)
    chiefs = [each for each in company if each.manager is None]
    assert (len(company), len(chiefs)) == (size, 1)
    assert len({each.email for each in company}) == size
    for each in company:
        if each.manager is None:
            continue
        assert each.manager.grade > each.grade
        assert each.manager.department == each.department or each.manager is chiefs[0]
        assert line_of(each)[-1] is chiefs[0]
    heads = Counter(each.department for each in company if each.manager is chiefs[0])
    assert heads == dict.fromkeys(DEPARTMENTS, 1)


def line_of(person: Employee) -> list[Employee]:
    """Everybody above `person`, the nearest first."""
    line: list[Employee] = []
    while person.manager is not None:
        person = person.manager
        assert person not in line
        line.append(person)
    return line


def test_no_manager_has_a_crowd_to_lead_and_names_do_not_repeat_in_a_small_company() -> None:
    company = company_of(120)
    reports = Counter(each.manager.email for each in company if each.manager)
    assert max(reports.values()) <= 12
    assert len({each.name for each in company}) == 120


def test_a_season_starts_on_a_monday_two_weeks_to_two_months_ahead() -> None:
    for days in range(800):
        day = FIRST_DAY + timedelta(days=days)
        starts = next_start(day)
        assert starts.weekday() == 0
        assert starts.day <= 7
        assert 14 <= (starts - day).days <= 62


def test_addresses_are_spelled_in_plain_letters() -> None:
    assert [
        address(name)
        for name in ("João Duarte", "Łukasz Głowacki", "Gül Kılıç", "Sindre Sørensen", "Hui Min Ng")
    ] == [
        "joao.duarte@nordlicht.invalid",
        "lukasz.glowacki@nordlicht.invalid",
        "gul.kilic@nordlicht.invalid",
        "sindre.sorensen@nordlicht.invalid",
        "hui-min.ng@nordlicht.invalid",
    ]


def test_every_topic_of_the_company_is_in_the_catalogue() -> None:
    known = {each.id for each in CATALOGUE}
    assert set(COMPANY["fresh"]) | set(COMPANY["seasoned"]) <= known
    assert {topic for topics in COMPANY["leaning"].values() for topic in topics} <= known
