"""Every package that the portal imports is one that it declares, and none comes along by chance only."""

import re
import sys
import tomllib

from tests.source import HOUSE, sources

PACKAGES = {"argon2": "argon2-cffi", "dateutil": "python-dateutil", "htmx_flask": "htmx-flask"}
"""Where the name to import is not that of the package."""
OPTIONAL = {"radicale", "wordllama"}


def test_every_imported_package_is_declared() -> None:
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[\[>=]", requirement)[0] for requirement in project["dependencies"]}
    imported = {name.partition(".")[0] for source in sources() for name, _line in source.imports()}
    foreign = imported - set(sys.stdlib_module_names) - {"portal"} - OPTIONAL
    assert {PACKAGES.get(name, name.replace("_", "-")) for name in foreign} - declared == set()
