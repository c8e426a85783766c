"""Laws 7, 8 and 9: permissions are decided in views, every route carries one mark, and a
fragment is a file.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import nodes

from portal.app import create_app
from portal.web.access import mark_of
from tests.markup import parse
from tests.personas import settings_for_tests
from tests.source import HOUSE, functions, sources

MARKS = ("public", "signed_in", "requires")
VERBS = ("route", "get", "post", "put", "delete", "patch")
TEMPLATES = sorted((HOUSE / "templates").rglob("*.html"))
FRAMES = ("_frame.html",)  # a letter is framed, not put into a page
FRAGMENTS = [
    each
    for each in TEMPLATES
    if each.name.startswith("_") and each.name not in FRAMES and "_macros" not in each.parts
]
FORBIDDEN = (
    "<style",
    " style=",
    " onclick=",
    " onchange=",
    " onsubmit=",
    "hx-on",
    "javascript:",
    "|safe",
    "='js:",
)
ABOUT_PERMISSION = {"may", "May", "roles", "allowed"}


def path_of(template: Path) -> str:
    """A template's name, as the code calls it."""
    return template.relative_to(HOUSE / "templates").as_posix()


@pytest.fixture(scope="module")
def bare_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application without a database."""
    return create_app(settings_for_tests(tmp_path_factory.mktemp("bare"), "sqlite://"))


def test_every_route_carries_a_mark(bare_app: Flask) -> None:
    endpoints = {each.endpoint for each in bare_app.url_map.iter_rules()}
    unmarked = [each for each in endpoints if not mark_of(bare_app.view_functions[each])]
    assert unmarked == []


def test_the_mark_stands_directly_under_the_route_and_there_is_one() -> None:
    wrong = []
    for source in sources():
        for function in functions(source):
            calls = [each.func if isinstance(each, ast.Call) else each for each in function.decorator_list]
            kinds = [
                (
                    "route"
                    if isinstance(each, ast.Attribute) and each.attr in VERBS
                    else "mark"
                    if isinstance(each, ast.Name) and each.id in MARKS
                    else "other"
                )
                for each in calls
            ]
            routes = kinds.count("route")
            if routes and kinds[: routes + 1] != ["route"] * routes + ["mark"]:
                wrong.append(f"{source.name}:{function.lineno} {function.name}: {kinds}")
            if kinds.count("mark") > 1:
                wrong.append(f"{source.name}:{function.lineno} {function.name} carries two marks")
    assert wrong == []


def test_a_change_is_never_made_by_fetching_a_page(bare_app: Flask) -> None:
    words = ("delete", "remove", "end", "undo", "sign_out", "withdraw", "retry")
    wrong = [
        str(each)
        for each in bare_app.url_map.iter_rules()
        if each.endpoint.rpartition(".")[2] in words and "POST" not in (each.methods or set())
    ]
    assert wrong == []


@pytest.mark.parametrize("template", TEMPLATES, ids=path_of)
def test_no_permission_is_decided_around_an_include(template: Path, bare_app: Flask) -> None:
    tree = bare_app.jinja_env.parse(template.read_text(encoding="utf-8"))
    for question in tree.find_all(nodes.If):
        asked = {each.name for each in question.test.find_all(nodes.Name)} | {
            each.attr for each in question.test.find_all(nodes.Getattr)
        }
        if isinstance(question.test, nodes.Name):
            asked.add(question.test.name)
        around = list(question.find_all(nodes.Include))
        assert not (asked & ABOUT_PERMISSION and around), (
            f"line {question.lineno}: the view decides who may see this"
        )


@pytest.mark.parametrize("template", FRAGMENTS, ids=path_of)
def test_a_fragment_has_one_root_with_one_id(template: Path, bare_app: Flask) -> None:
    tree = bare_app.jinja_env.parse(template.read_text(encoding="utf-8"))
    if tree.find(nodes.Extends):
        return  # its root is that of the fragment it extends
    for number, html in enumerate(variants(tree.body)):
        roots = parse(html)[0].elements
        assert len(roots) == 1 or (number and not roots), f"roots: {roots}"
        assert all(each["id"] for each in roots), f"a root without an id: {roots}"


@pytest.mark.parametrize("template", TEMPLATES, ids=path_of)
def test_a_template_keeps_to_the_content_policy(template: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", template.read_text(encoding="utf-8").lower(), flags=re.DOTALL)
    assert [each for each in FORBIDDEN if each in text] == []


@pytest.mark.parametrize("template", TEMPLATES, ids=path_of)
def test_a_template_takes_only_its_own_words_for_safe(template: Path, bare_app: Flask) -> None:
    calls = bare_app.jinja_env.parse(template.read_text(encoding="utf-8")).find_all(nodes.Call)
    called = [
        each
        for each in calls
        if isinstance(each.node, nodes.Name) and each.node.name in ("_", "gettext", "ngettext")
    ]
    assert [each.lineno for each in called if not isinstance(each.args[0], nodes.Const)] == [], (
        "use the filter translated"
    )


def variants(body: Sequence[nodes.Node]) -> Iterator[str]:
    """The HTML of a template with every `if` taken, then, one at a time, with the other branches of each
    outer `if`.
    """
    yield "".join(flat(each) for each in body)
    for at, node in enumerate(body):
        if isinstance(node, nodes.If):
            for other in ([*node.elif_], node.else_):
                if other or not node.else_:
                    yield "".join(flat(each) for each in (*body[:at], *other, *body[at + 1 :]))


def flat(node: nodes.Node) -> str:
    """The HTML of a node, with every `if` taken, loops made once, and `x` for every value."""
    if isinstance(node, nodes.TemplateData):
        return str(node.data)
    if isinstance(node, nodes.Macro | nodes.Include | nodes.Import | nodes.FromImport | nodes.Assign):
        return ""
    if isinstance(node, nodes.Output):
        return "".join(flat(each) for each in node.nodes)
    if isinstance(
        node, nodes.If | nodes.For | nodes.With | nodes.CallBlock | nodes.FilterBlock | nodes.Scope
    ):
        return "".join(flat(each) for each in node.body)
    return "x" if isinstance(node, nodes.Expr) else ""
