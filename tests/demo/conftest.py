"""The demo company, loaded once for all tests that look at it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portal.demo import load as demo
from tests.conftest import let_go

Load = Callable[..., None]


@pytest.fixture(scope="session")
def copies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Databases in which a demo was loaded, by what was asked for."""
    return {"": tmp_path_factory.mktemp("copies")}


@pytest.fixture
def load(app: Flask, database_url: str, copies: dict[str, Path]) -> Load:
    """Loads the demo into the test's database: on SQLite the same that another test loaded before, if any."""
    path = Path(database_url.removeprefix("sqlite:///"))

    def loaded(**how: Any) -> None:
        if not database_url.startswith("sqlite"):
            demo.load(**how)
            return
        if str(how) not in copies:
            demo.load(**how)
            let_go(app)
            copies[str(how)] = Path(shutil.copyfile(path, copies[""] / f"{len(copies)}.db"))
        let_go(app)
        shutil.copyfile(copies[str(how)], path)

    return loaded
