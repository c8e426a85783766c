"""A company with pairings, and somebody who runs its programme."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.people.models import Person
from tests.pairings.company import Company
from tests.visitor import Visitor


@pytest.fixture
def stefan(company: Company, new_visitor: Callable[..., Visitor], staff: Person) -> Visitor:
    """Somebody who runs the company's programme."""
    return new_visitor(staff)
