"""Numbers out of requests."""

import pytest

from portal.web.numbers import id_in, page_in, version_in, whole_number

ODD = [None, "", " 3", "-1", "+1", "1.0", "1_000", "٣", "²", "x", "0x1", "9" * 19]


@pytest.mark.parametrize("text", ODD)
def test_what_is_no_number_gives_what_no_row_has(text: str | None) -> None:
    assert (whole_number(text), id_in(text), version_in(text), page_in(text)) == (None, 0, 0, 1)


def test_a_number_counts_up_to_what_the_database_holds() -> None:
    assert (id_in("9" * 18), version_in("9" * 9), version_in("9" * 10), page_in("9" * 6), page_in("0")) == (
        *(10**18 - 1, 10**9 - 1, 0),
        *(999_999, 1),
    )
