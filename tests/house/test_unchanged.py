"""While files move: the same routes, commands, settings and letters as before. It goes once the moving is
over.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import click
from flask import Flask

from portal.cli import main as cli
from tests.source import HOUSE

SAVED = Path(__file__).with_name("unchanged.json")


def commands(command: click.Command, path: str = "portal") -> list[str]:
    """Every command with its options."""
    if isinstance(command, click.Group):
        return [
            line
            for name, inner in command.commands.items()
            if not inner.hidden
            for line in commands(inner, f"{path} {name}")
        ]
    return [f"{path} {' '.join(sorted(option for each in command.params for option in each.opts))}"]


def facts(app: Flask) -> dict[str, Any]:
    """What others rely on."""
    settings = (HOUSE / "portal" / "settings.py").read_text(encoding="utf-8")
    return {
        "routes": sorted(
            f"{each.rule} {each.endpoint} {','.join(sorted(each.methods or ()))}"
            for each in app.url_map.iter_rules()
        ),
        "commands": sorted(commands(cli.portal)),
        "settings": sorted(set(re.findall(r"""(?:text|environ\.get)\(["']([A-Z_]+)["']""", settings))),
        "letters": sorted(
            {
                f"{each.parent.name}/{each.stem}"
                for each in (HOUSE / "templates/letters").glob("*/*")
                if "_" not in each.stem[0]
            }
        ),
    }


def test_others_find_everything_where_it_was(app: Flask) -> None:
    assert facts(app) == json.loads(SAVED.read_text(encoding="utf-8"))
