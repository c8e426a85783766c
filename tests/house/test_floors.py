"""Laws 1, 2, 4, 5 and 6: who may import whom."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

import pytest

from portal.app import BLUEPRINTS
from portal.db import Model
from tests.layers import circle, has_pages, is_layered, layer, layer_by_name, layers_by_card
from tests.source import HOUSE, Source, floor, functions, sources

OUTSIDE_OF_CORE = {"numpy", "scipy", "icalendar", "idna", "dateutil", "holidays"}
NOT_PURE = {
    *(
        "asyncio",
        "http",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
        "secrets",
        "shutil",
        "smtplib",
        "socket",
    ),
    *("sqlite3", "ssl", "subprocess", "tempfile", "threading", "time"),
}


def arrows() -> Iterator[tuple[Source, Source, str]]:
    """Every import of ours by ours, and where it stands."""
    for source in sources():
        for target, line in source.ours():
            yield source, target, f"{source.name}:{line} imports {target.module}"


def test_every_part_has_a_place_in_the_house() -> None:
    assert [source.name for source in sources() if source.part and floor(source.part) < 0] == []


def test_a_part_imports_only_from_the_floors_below_it() -> None:
    wrong = [
        said
        for source, target, said in arrows()
        if source.part != target.part and floor(source.part) >= floor(target.part) and floor(source.part) > 0
    ]
    assert wrong == []


def test_only_the_roof_imports_the_roof() -> None:
    assert [
        said for source, target, said in arrows() if floor(target.part) == 0 and floor(source.part) > 0
    ] == []


def test_arrows_inside_a_package_point_down_its_layers() -> None:
    wrong = [
        f"{said} ({layer(source)} below {layer(target)})"
        for source, target, said in arrows()
        if source.part == target.part
        and is_layered(source)
        and is_layered(target)
        and layer(source) < layer(target)
    ]
    assert wrong == []


def test_only_the_application_imports_pages() -> None:
    wrong = [said for source, target, said in arrows() if has_pages(target) and source.module != "portal.app"]
    assert wrong == []


def test_a_blueprint_stands_in_a_module_of_pages() -> None:
    blueprints = [each for each in sources() if is_layered(each) and "Blueprint(" in each.text]
    assert [each.name for each in blueprints if not has_pages(each)] == []


def test_a_card_names_modules_that_are_there() -> None:
    wrong = [
        f"{card.name}: {name}"
        for card in sources()
        if card.path.name == "__init__.py"
        for name in layers_by_card(card)
        if not card.path.with_name(f"{name}.py").exists() or layer_by_name(name) is not None
    ]
    assert wrong == []


def test_inner_packages_form_no_circle() -> None:
    """Between the folders of one package, and the modules beside them, arrows go one way only."""
    boxes: dict[str, set[str]] = {}
    for source, target, _ in arrows():
        if source.part == target.part and source.box != target.box:
            boxes.setdefault(source.box, set()).add(target.box)
    assert circle(boxes) == []


def test_no_imports_go_round_in_a_circle() -> None:
    done: set[str] = set()

    def visit(source: Source, path: tuple[str, ...]) -> None:
        assert source.module not in path, f"a circle: {' -> '.join((*path, source.module))}"
        if source.module not in done:
            for target, _ in source.ours():
                visit(target, (*path, source.module))
            done.add(source.module)

    for source in sources():
        visit(source, ())


def test_the_core_is_pure() -> None:
    wrong = []
    for source in (each for each in sources() if each.part == "core"):
        for name, line in source.imports():
            top = name.partition(".")[0]
            if top == "portal":
                allowed = name.startswith("portal.core") or name == "portal.errors"
            else:
                allowed = top in OUTSIDE_OF_CORE or (top in sys.stdlib_module_names and top not in NOT_PURE)
            if not allowed:
                wrong.append(f"{source.name}:{line} imports {name}")
    assert wrong == []


def test_chance_comes_into_the_core_as_an_argument() -> None:
    wrong = [
        f"{source.name}:{node.lineno}"
        for source in sources()
        if source.part == "core"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "random" and node.attr != "Random"
    ]
    assert wrong == []


def test_relationships_point_down() -> None:
    wrong = []
    for mapper in Model.registry.mappers:
        for link in mapper.relationships:
            here, there = (
                floor(each.__module__.split(".")[1]) for each in (mapper.class_, link.mapper.class_)
            )
            if there < here:
                wrong.append(
                    f"{mapper.class_.__name__}.{link.key} points up to {link.mapper.class_.__name__}"
                )
            if link.back_populates or link.backref:
                wrong.append(f"{mapper.class_.__name__}.{link.key} goes both ways; the way up is a query")
    assert wrong == []


def test_imports_stand_at_the_top_of_a_module_except_in_the_command_line() -> None:
    wrong = [
        f"{source.name}:{inner.lineno}"
        for source in sources()
        if not source.module.startswith("portal.cli")
        for function in functions(source)
        for inner in ast.walk(function)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert wrong == []


def test_no_room_is_called_by_signals() -> None:
    wrong = [
        f"{source.name}:{line}"
        for source in sources()
        for name, line in source.imports()
        if name.partition(".")[0] == "blinker"
        or name.startswith("flask.signals")
        or name == "sqlalchemy.event"
    ]
    listeners = [
        each.name for each in sources() if "event.listen" in each.text and each.module != "portal.db"
    ]
    assert wrong + listeners == []


@pytest.mark.parametrize(
    "card", [each for each in sources() if each.path.name == "__init__.py"], ids=lambda each: each.name
)
def test_an_init_file_is_a_card_and_nothing_else(card: Source) -> None:
    assert ast.get_docstring(card.tree), "a card is a docstring"
    assert len(card.tree.body) == 1, "a card imports nothing and defines nothing"
    if card.part:
        assert 3 <= len(card.text.strip().splitlines()) <= 8


def test_templates_and_tests_mirror_the_rooms() -> None:
    rooms = {source.part for source in sources() if source.part}
    templates = {each.name for each in (HOUSE / "templates").iterdir() if each.is_dir()}
    tests = {
        each.name for each in (HOUSE / "tests").iterdir() if each.is_dir() and not each.name.startswith("_")
    }
    assert templates - rooms - {"_macros", "errors"} == set()
    assert tests - rooms - {"house", "browser", "security"} == set()


def test_every_blueprint_is_in_the_application() -> None:
    pages = {each.module for each in sources() if "Blueprint(" in each.text}
    assert pages == {each.import_name for each in BLUEPRINTS}
