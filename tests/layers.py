"""The layers inside a package: which module may import which, by its file name, its package's card, or what
it imports.
"""

from __future__ import annotations

import ast
import re
from functools import cache

from tests.source import ROOMS, Source, modules

LAYERS = {"models": 0, "queries": 1, "listing": 1, "actions": 2, "forms": 3, "pages": 4}
"""models < queries, listing < actions < forms < pages; a name may have words before it, as in `run_pages`."""
PACKAGES = (*ROOMS, "letters")
ON_A_CARD = re.compile(r"^(Models|Queries|Actions|Forms|Pages): ([a-z_, ]+)\.$", re.MULTILINE)


def is_layered(source: Source) -> bool:
    """Whether the module is in a package with layers; its card has none."""
    return source.part in PACKAGES and source.path.name != "__init__.py"


def layer_by_name(name: str) -> int | None:
    """The layer that a file name says."""
    return LAYERS.get(name.rpartition("_")[2])


def layers_by_card(card: Source) -> dict[str, int]:
    """What a package's card says of files with other names, in a line like `Pages: timeline, answers.`"""
    said = ON_A_CARD.findall(ast.get_docstring(card.tree) or "")
    return {name: LAYERS[layer.lower()] for layer, names in said for name in names.split(", ")}


@cache
def layer(source: Source) -> int:
    """The layer of a module: by its name, else by its package's card, else the highest of what it imports
    beside it.
    """
    by_name = layer_by_name(source.path.stem)
    if by_name is not None:
        return by_name
    by_card = layers_by_card(modules()[source.module.rpartition(".")[0]])
    if source.path.stem in by_card:
        return by_card[source.path.stem]
    beside = (target for target, _ in source.ours() if target.part == source.part and is_layered(target))
    return max(map(layer, beside), default=0)


def has_pages(source: Source) -> bool:
    """Whether the module answers requests."""
    return is_layered(source) and layer(source) == LAYERS["pages"]


def circle(arrows: dict[str, set[str]]) -> list[str]:
    """One way round among `arrows`, if there is any."""
    done: set[str] = set()

    def visit(box: str, path: tuple[str, ...]) -> list[str]:
        if box in path:
            return [*path[path.index(box) :], box]
        if box in done:
            return []
        done.add(box)
        return next(
            (found for each in sorted(arrows.get(box, ())) if (found := visit(each, (*path, box)))), []
        )

    return next((found for each in sorted(arrows) if (found := visit(each, ()))), [])
