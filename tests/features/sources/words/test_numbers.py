"""Numbers of texts: FNV-1a by its published values, and one by one as all at once."""

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.features.sources.words.numbers import numbers_of

MASK = 2**64 - 1


def mixed(number):
    """MurmurHash3's last step, in whole numbers of any size; as a signed number."""
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        number = (number ^ (number >> 33)) * factor & MASK
    number ^= number >> 33
    return number - 2**64 if number >= 2**63 else number


def test_by_the_values_its_authors_publish():
    published = {"": 0xCBF29CE484222325, "a": 0xAF63DC4C8601EC8C, "foobar": 0x85944171F73967E8}

    assert numbers_of(pl.Series(list(published))).tolist() == [mixed(number) for number in published.values()]


@given(st.lists(st.none() | st.text(max_size=20), min_size=1, max_size=9))
@settings(max_examples=50, deadline=None)
def test_the_same_one_by_one_and_among_many(texts):
    few, many = pl.Series(texts, dtype=pl.String), pl.Series(texts * 80, dtype=pl.String)

    expected = [numbers_of(few[k : k + 1])[0] for k in range(len(few))]
    assert numbers_of(few).tolist() == expected
    assert numbers_of(many[len(texts) :]).tolist() == expected * 79
    assert len(set(expected)) == len({text or "" for text in texts})


def test_no_texts():
    assert numbers_of(pl.Series([], dtype=pl.String)).tolist() == []
    np.testing.assert_array_equal(
        numbers_of(pl.Series([None] * 70, dtype=pl.String)), [numbers_of(pl.Series([""]))[0]] * 70
    )
