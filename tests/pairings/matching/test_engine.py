"""numpy and scipy are heavy: they are loaded when something is scored, not before."""

from __future__ import annotations

import subprocess
import sys

import pytest


def loaded_by(statement: str) -> set[str]:
    """Which of the heavy packages a fresh process has after this statement."""
    code = f"import sys\n{statement}\nprint(*(name for name in ('numpy', 'scipy') if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("package", ["board", "fairness", "matching", "offers", "prices", "trials"])
def test_no_module_of_pairings_loads_the_engine_at_its_import(package: str) -> None:
    names = {"board": "pages", "matching": "drafts", "trials": "run_pages"}
    assert loaded_by(f"import portal.pairings.{package}.{names.get(package, 'pages')}") == set()
