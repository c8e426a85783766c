"""What the tests of pairings share: a programme with its staff, and an ear at the doorbell."""

from __future__ import annotations

import pytest
from flask import Flask

from portal.people.models import Person
from tests.conftest import Noise
from tests.pairings.company import Company, company_of
from tests.personas import Factories


@pytest.fixture
def company(make: Factories, staff: Person, noise: Noise) -> Company:
    """A programme that `staff` runs, with nobody in it yet."""
    return company_of(make, staff)


@pytest.fixture
def rung(app: Flask) -> list[tuple[str, int]]:
    """What was rung for, after the commit."""
    bells: list[tuple[str, int]] = []
    app.extensions["task_queue"] = lambda *what: bells.append(what)
    return bells
