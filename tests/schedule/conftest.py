"""Two people who plan, beside the planned pairing of others."""

from __future__ import annotations

import pytest

from portal.pairings.models import Pairing
from portal.people.models import Person
from tests.conftest import Noise
from tests.personas import Factories
from tests.schedule.pairs import fresh, make_pairing, plan


@pytest.fixture
def pairing(make: Factories, noise: Noise) -> Pairing:
    """Jona and Sigrid, with another pairing beside them that has a plan of its own."""
    plan(make_pairing(make, mentor=noise.person, mentee=make.person("Quentin Quagmire")))
    return make_pairing(make)


@pytest.fixture
def jona(pairing: Pairing) -> Person:
    return fresh(pairing).mentor


@pytest.fixture
def sigrid(pairing: Pairing) -> Person:
    return fresh(pairing).mentee
