"""From a Rules file to weights and rules. What it leaves out is as a new programme has it. The texts are for
an operator.
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any, NoReturn

from portal.core.matching.candidates import MUSTS, WEIGHTS, Problem, Rules
from portal.core.matching.files.people_cells import nearest, quoted
from portal.core.matching.files.people_table import FileError

USUAL_WEIGHTS: Mapping[str, int] = dict(zip(WEIGHTS, (60, 12, 10, 6, 6, 3, 3), strict=True))
KEYS = ("weights", *(each.name for each in fields(Rules)))
ANY_DAY = date(2026, 1, 1)


def read_rules(text: str) -> tuple[dict[str, int], Rules]:
    """Weights and rules; raises FileError with the reason and the way out."""
    given = _parsed(text)
    _check_names(given, KEYS, "the rules")
    weights, rules = given.pop("weights", dict(USUAL_WEIGHTS)), given
    _check_weights(weights)
    _check_musts(rules.get("musts", []))
    for key, value in rules.items():
        if key != "musts" and not _is_whole(value) and not (key == "line" and value == "auto"):
            otherwise = " or “auto”" if key == "line" else ""
            raise FileError(f"{key} is {_shown(value)}. Write a whole number{otherwise}.")
    if rules.get("stay_bonus", 0) > 0:
        raise FileError(f"stay_bonus is {rules['stay_bonus']}. {NO_STAYING}")
    found = Rules(**{**rules, "musts": tuple(rules.get("musts", ()))})
    Problem(
        candidates=(), managers={}, topics={}, weights=weights, on=ANY_DAY, rules=found
    )  # raises what else is wrong
    return weights, found


def _parsed(text: str) -> dict[str, Any]:
    try:
        given = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError as error:
        raise FileError("It is nested too deep to be rules.") from error
    except json.JSONDecodeError as error:
        raise FileError(f"It is no JSON: line {error.lineno}, column {error.colno}: {error.msg}.") from error
    except ValueError as error:  # a number of thousands of digits
        raise FileError("It holds a number that is too long.") from error
    if not isinstance(given, dict):
        raise FileError(f"Rules are an object like {EXAMPLE}.")
    return given


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise FileError(f"{quoted(key)} is there twice. Take one of them away.")
        found[key] = value
    return found


def _no_number(name: str) -> NoReturn:
    raise FileError(f"{name} is no number that can be reckoned with. Write a whole number.")


def _check_names(given: Mapping[str, Any], names: tuple[str, ...], where: str) -> None:
    for key in given:
        if key not in names:
            near = nearest(key, [each for each in names if each not in given])
            way = f"Did you mean “{near}”?" if near else f"There are: {', '.join(names)}."
            raise FileError(f"There is no {quoted(key)} in {where}. {way}")


def _check_weights(weights: Any) -> None:
    if not isinstance(weights, dict):
        raise FileError(f"weights is {_shown(weights)}. Write an object with all of {', '.join(WEIGHTS)}.")
    _check_names(weights, WEIGHTS, "the weights")
    missing = [name for name in WEIGHTS if name not in weights]
    if missing:
        raise FileError(
            f"The weights lack {', '.join(missing)}. Name all seven; 0 leaves one out of account."
        )
    for name, value in weights.items():
        if not _is_whole(value) or not 0 <= value <= 100:
            raise FileError(f"The weight of {name} is {_shown(value)}. Write a whole number from 0 to 100.")
    if sum(weights.values()) != 100:
        raise FileError(f"The weights sum to {sum(weights.values())}. Make them sum to 100.")


def _check_musts(musts: Any) -> None:
    if not isinstance(musts, list) or not all(isinstance(each, str) for each in musts):
        raise FileError(f"musts is {_shown(musts)}. Write a list of {', '.join(MUSTS)}, or leave it out.")
    _check_names(dict.fromkeys(musts), MUSTS, "musts")
    if len(set(musts)) < len(musts):
        raise FileError("musts names one twice. Name each once.")


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _shown(value: object) -> str:
    """A value of the file as a message shows it."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return quoted(value) if isinstance(value, str) else json.dumps(value)[:40]


NO_STAYING = (
    "A file of people holds no earlier pairs that could be favoured. Write 0 or leave it out;"
    " to keep two together, name them in locked_with."
)
EXAMPLE = '{"weights": {"interests": 60, …}, "line": 40, "min_grade_gap": 1, "stay_bonus": 0}'
