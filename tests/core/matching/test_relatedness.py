"""How near topics are to each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.matching.topics.index import CATALOGUE
from portal.core.matching.topics.near import NEAR
from portal.core.matching.topics.relatedness import OF_ONE_AREA, PAIRS, SAME, relatedness
from portal.core.matching.topics.relatedness_matrix import relatedness_matrix

TOPICS = {each.id: (each.label, each.area) for each in CATALOGUE} | {
    "kiln": ("Our kiln software", "digital"),
    "glaze": ("Glazing", "pottery"),
}
IDS = sorted(TOPICS)


def given_pairs() -> list[tuple[str, str, int]]:
    """Every pair of the table, as it stands there."""
    return [(one, other, tenths) for one, tenths, others in NEAR for other in others.split()]


def test_every_topic_in_the_table_is_one_of_ours() -> None:
    known = {each.id for each in CATALOGUE}
    assert {each for one, other, _ in given_pairs() for each in (one, other)} - known == set()


def test_no_pair_stands_in_the_table_twice_and_none_is_one_topic() -> None:
    pairs = [frozenset((one, other)) for one, other, _ in given_pairs()]
    assert len(pairs) == len(set(pairs)) == len(PAIRS)
    assert {len(pair) for pair in pairs} == {2}


def test_every_topic_that_ships_is_near_some_other() -> None:
    near = {each for pair in PAIRS for each in pair}
    assert {each.id for each in CATALOGUE} - near == set()


def test_near_ones_beat_those_of_one_area_and_none_is_as_near_as_the_same() -> None:
    assert all(OF_ONE_AREA < tenths < SAME for tenths in PAIRS.values())
    across = [tenths for pair, tenths in PAIRS.items() if len({TOPICS[each][1] for each in pair}) == 2]
    assert len(across) > 50
    within = [tenths for pair, tenths in PAIRS.items() if len({TOPICS[each][1] for each in pair}) == 1]
    assert min(within) >= 5


def test_the_matrix_is_symmetric_whole_and_full_on_the_diagonal() -> None:
    near = relatedness_matrix(IDS, TOPICS)
    assert near.dtype == np.float32
    assert (near == near.T).all()
    assert (np.diag(near) == SAME).all()
    assert (near == near.round()).all()
    off = near[~np.eye(len(IDS), dtype=bool)]
    assert off.min() == 0
    assert off.max() < SAME


def test_the_matrix_says_what_one_question_says() -> None:
    names = IDS[::3]
    assert relatedness_matrix(names, TOPICS).tolist() == [
        [relatedness(one, other, TOPICS) for other in names] for one in names
    ]


@given(st.sampled_from(IDS), st.sampled_from(IDS))
def test_it_is_as_far_there_as_back(one: str, other: str) -> None:
    assert relatedness(one, other, TOPICS) == relatedness(other, one, TOPICS)
    assert (relatedness(one, other, TOPICS) == SAME) == (one == other)


@given(
    st.lists(st.sampled_from(IDS), unique=True, min_size=1, max_size=20), st.randoms(use_true_random=False)
)
def test_the_order_of_the_names_changes_nothing(names: list[str], chance: object) -> None:
    shuffled = list(names)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # a Random of hypothesis
    at = [shuffled.index(each) for each in names]
    assert (relatedness_matrix(shuffled, TOPICS)[np.ix_(at, at)] == relatedness_matrix(names, TOPICS)).all()


@pytest.mark.parametrize(
    ("one", "near", "far"),
    [
        ("short-video", "instagram", "linkedin"),
        ("short-video", "youtube", "podcasts"),
        ("prompting", "ai-at-work", "gaming"),
        ("pronouns", "inclusive-language", "faith"),
        ("disability", "user-experience", "coding"),
        ("gen-z", "attracting-talent", "office-spaces"),
        ("carbon-footprint", "net-zero", "volunteering"),
        ("presenting", "on-camera", "finance"),
    ],
)
def test_what_is_near_counts_for_more(one: str, near: str, far: str) -> None:
    assert relatedness(one, near, TOPICS) > relatedness(one, far, TOPICS)


def test_a_topic_of_staffs_own_is_near_by_its_area_alone() -> None:
    assert relatedness("kiln", "coding", TOPICS) == OF_ONE_AREA
    assert relatedness("kiln", "glaze", TOPICS) == 0
    assert relatedness("kiln", "kiln", TOPICS) == SAME
    assert relatedness_matrix(["kiln", "coding", "glaze"], TOPICS).tolist() == [
        [10, 3, 0],
        [3, 10, 0],
        [0, 0, 10],
    ]


def test_an_area_that_staff_changed_does_not_take_a_near_topic_away() -> None:
    moved = TOPICS | {"youtube": ("YouTube", "leadership")}
    assert relatedness("youtube", "short-video", moved) == relatedness("youtube", "short-video", TOPICS)
