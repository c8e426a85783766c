"""What stays in memory loads only what it uses."""

from __future__ import annotations

import subprocess
import sys

import pytest


def loaded_by(module: str) -> set[str]:
    """The packages that are loaded once a module is, in a fresh Python."""
    program = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("portal.app", {"numpy", "scipy", "caldav", "niquests", "alembic", "gunicorn", "pytest"}),
        ("portal.worker", {"numpy", "scipy", "alembic", "gunicorn"}),
        ("portal.operating.supervisor", {"flask", "sqlalchemy", "numpy", "huey", "jinja2"}),
        ("portal.cli.main", {"flask", "sqlalchemy", "numpy", "huey", "jinja2"}),
    ],
)
def test_a_process_that_stays_loads_nothing_for_others(module: str, unwanted: set[str]) -> None:
    assert loaded_by(module) & unwanted == set()
