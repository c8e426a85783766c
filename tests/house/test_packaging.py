"""What is shipped is whole, and what is locked says only what, never where from."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[2]
CARRIED = ("templates", "static", "migrations")
PYTHON_LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-node.lock")
PINNED = re.compile(r"^([a-z0-9][a-z0-9.-]*)(?:\[[a-z,]+\])?==[^\s;]+( ; [^\\]+)? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def files_under(folder: Path) -> set[str]:
    """Paths of all files under `folder`, relative to it, without what a running Python leaves behind."""
    found = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix() for path in found if not path.name.startswith(".")}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source archive and the wheel that was built out of that archive."""
    folder = tmp_path_factory.mktemp("shipped")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(HOUSE)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    return folder


@pytest.fixture(scope="module")
def unpacked(shipped: Path) -> Path:
    """The folder of the wheel's contents, as an installation has them."""
    [wheel] = shipped.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(shipped / "unpacked")  # noqa: S202 - an archive of our own making
    return shipped / "unpacked"


@pytest.mark.parametrize("name", CARRIED)
def test_the_wheel_carries_every_file_of(name: str, unpacked: Path) -> None:
    ours = files_under(HOUSE / name)
    assert ours
    assert files_under(unpacked / "portal" / name) == ours


def test_the_wheel_carries_the_built_assets(unpacked: Path) -> None:
    built = files_under(unpacked / "portal" / "static" / "built")
    assert built == {"LICENSES.txt", "figtree.woff2", "fraunces.woff2", "portal.css", "portal.js"}


def test_the_wheel_carries_the_whole_package_and_nothing_beside_it(unpacked: Path) -> None:
    carried = {f"{name}/{path}" for name in CARRIED for path in files_under(HOUSE / name)}
    assert files_under(unpacked / "portal") == files_under(HOUSE / "portal") | carried
    assert {path.name.partition("-")[0] for path in unpacked.iterdir()} == {"portal", "vice_versa_portal"}


def test_an_installed_wheel_finds_its_own_templates_and_assets(unpacked: Path, tmp_path: Path) -> None:
    question = "from portal.settings import HOUSE; print(HOUSE)"
    environment = {"PYTHONPATH": str(unpacked), "PYTHONDONTWRITEBYTECODE": "1"}
    answer = subprocess.run(
        [sys.executable, "-c", question],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    house = Path(answer.stdout.strip())
    assert house.resolve() == (unpacked / "portal").resolve()
    assert [name for name in CARRIED if not (house / name).is_dir()] == []


def test_the_source_archive_can_be_set_up_and_tested(shipped: Path) -> None:
    [archive] = shipped.glob("*.tar.gz")
    with tarfile.open(archive) as sources:
        names = {name.partition("/")[2] for name in sources.getnames()}
    wanted = {
        "Makefile",
        "pyproject.toml",
        "package.json",
        "package-lock.json",
        "wsgi.py",
        "LICENSE",
        "README.md",
    }
    wanted |= {*PYTHON_LOCKS, ".ci/run", ".ci/assets.py", "tests/house/test_packaging.py"}
    assert wanted - names == set()


@pytest.mark.parametrize("name", PYTHON_LOCKS)
def test_a_python_lock_file_holds_only_versions_and_hashes(name: str) -> None:
    lines = (HOUSE / name).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not PINNED.match(line) and not HASH.match(line)] == []


def test_every_requirement_of_the_portal_is_locked() -> None:
    asked = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = {re.split(r"[\s\[<>=!~;]", line, maxsplit=1)[0].lower().replace("_", "-") for line in asked}
    lines = (HOUSE / "requirements.lock").read_text(encoding="utf-8").splitlines()
    assert names - {found[1] for line in lines if (found := PINNED.match(line))} == set()


def test_what_the_portal_runs_on_is_what_it_is_tested_with() -> None:
    def pins(name: str) -> set[str]:
        lines = (HOUSE / name).read_text(encoding="utf-8").splitlines()
        return {line.partition(" ")[0] for line in lines if PINNED.match(line)}

    assert pins("requirements.lock") - pins("requirements-dev.lock") == set()


def test_the_npm_lock_file_holds_hashes_and_no_addresses() -> None:
    text = (HOUSE / "package-lock.json").read_text(encoding="utf-8")
    packages = {name: package for name, package in json.loads(text)["packages"].items() if name}
    assert packages
    assert [
        name for name, package in packages.items() if not package["integrity"].startswith("sha512-")
    ] == []
    assert "://" not in text
    assert "resolved" not in text
