"""Topics offered by meaning: the model of the extra is really asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from portal.core.matching.topics.index import CATALOGUE, Topic, suggest
from portal.db import transaction
from portal.errors import SettingsError
from portal.programmes.actions import load_catalogue
from portal.programmes.topics import index as topic_index
from portal.programmes.topics import semantic as nearness
from portal.settings import Settings
from tests.core.matching.phrases import DESCRIBED, FRESH, TYPED

MEANT = "how young folks speak online"


@pytest.fixture
def asking(app_with: Callable[..., Flask]) -> Flask:
    """A portal that asks for meanings."""
    return app_with(semantic_topics=True)


@pytest.fixture(scope="module")
def meanings() -> nearness.Meanings:
    """The topics that ship."""
    return nearness.Meanings(CATALOGUE)


def shares(meanings: nearness.Meanings, phrases: dict[str, str]) -> tuple[float, float]:
    """How many of the phrases have their topic first, and how many show it, of each 1."""
    first = shown = 0
    for phrase, wanted in phrases.items():
        ids = [each.topic.id for each in nearness.joined(suggest(phrase), meanings.near(phrase), 6)]
        first, shown = first + (ids[:1] == [wanted]), shown + (wanted in ids)
    return first / len(phrases), shown / len(phrases)


def test_phrases_that_no_name_was_made_for_are_found_more_often_than_by_spelling(
    meanings: nearness.Meanings,
) -> None:
    by_spelling = sum(
        wanted in [each.topic.id for each in suggest(phrase)] for phrase, wanted in FRESH.items()
    )
    first, shown = shares(meanings, FRESH)
    assert shown >= by_spelling / len(FRESH) + 0.10
    assert first >= 0.60


def test_other_phrases_fare_no_worse(meanings: nearness.Meanings) -> None:
    assert shares(meanings, TYPED) >= (0.90, 1.0)
    assert shares(meanings, DESCRIBED) >= (0.70, 0.85)


def test_what_is_near_is_never_sure_and_comes_once_the_nearest_first(meanings: nearness.Meanings) -> None:
    found = meanings.near(MEANT)
    assert found
    assert not any(each.sure for each in found)
    assert len({each.topic.id for each in found}) == len(found)
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)


@pytest.mark.parametrize("text", ["", "  ", "?!", "re", "tik", "\x00\ud800"])
def test_a_word_half_typed_and_nonsense_mean_nothing(meanings: nearness.Meanings, text: str) -> None:
    assert meanings.near(text) == []


def test_names_in_the_text_stay_before_what_is_near(meanings: nearness.Meanings) -> None:
    found = nearness.joined(suggest("reels"), meanings.near("reels and such"), 6)
    assert found[0] == suggest("reels")[0]


def test_topics_of_staff_are_found_by_meaning_too() -> None:
    pottery = Topic("pottery", "skills", "Pottery", ("clay work",))
    assert [each.topic for each in nearness.Meanings([pottery]).near("working with clay")] == [pottery]
    assert nearness.Meanings([]).near("anything at all") == []


def test_the_portal_offers_by_meaning_where_it_is_set_to(asking: Flask) -> None:
    with asking.app_context(), asking.test_request_context():
        with transaction():
            load_catalogue()
        ids = {each.topic.id for each in topic_index.suggestions(MEANT)}
        spelled = {each.topic.id for each in suggest(MEANT)}
        assert ids - spelled
        assert topic_index.recognised(MEANT) is None


def test_without_the_setting_nobody_is_asked(app: Flask) -> None:
    with app.test_request_context():
        assert nearness.meanings(CATALOGUE) is None


def test_the_setting_without_the_extra_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.settings.find_spec", lambda _name: None)
    with pytest.raises(SettingsError, match="semantic"):
        Settings.from_environment({"SEMANTIC_TOPICS": "1"})
