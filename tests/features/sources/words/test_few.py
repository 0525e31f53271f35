"""A handful of texts gives the numbers they have among many."""

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.features.sources.words import few
from alphaloop.features.sources.words.texts import LIMIT, clean, word_sets

RANGES = ((0x00, 0x24F), (0x2000, 0x206F), (0x20A0, 0x20BF), (0x1F300, 0x1F64F))
SETTLED = [chr(code) for first, last in RANGES for code in range(first, last + 1)]
texts = st.lists(st.text(st.sampled_from(SETTLED), max_size=40), min_size=1, max_size=5)
LONG = ("İ" * 900 + " " * 300, "a" * 999 + "…" * 9, "\u00a0 x" * 700)


def test_every_character_is_spelt_as_among_many():
    alone = [few.cleaned(f"a{character}A {character}", LIMIT) for character in SETTLED]

    assert alone == clean(pl.Series([f"a{character}A {character}" for character in SETTLED])).to_list()


def test_long_texts_are_cut_where_they_are_among_many():
    assert [few.cleaned(text, LIMIT) for text in LONG] == clean(pl.Series(LONG)).to_list()


@given(texts)
@settings(max_examples=60, deadline=None)
def test_texts_are_spelt_and_hashed_as_among_many(chosen):
    cleaned = [few.cleaned(text, LIMIT) for text in chosen]

    assert cleaned == clean(pl.Series(chosen, dtype=pl.String)).to_list()
    (expected,) = word_sets(pl.Series(cleaned, dtype=pl.String), 18)
    for made, wanted in zip(few.word_sets(cleaned, 18), expected, strict=True):
        np.testing.assert_array_equal(made, wanted)


def test_a_letter_that_joins_its_neighbour_is_left_to_the_engine():
    assert [few.cleaned(text, LIMIT) for text in ("e\u0301te", "ΟΔΟΣ", "비트", "win")] == [None, None, None, "win"]
    assert few.cleaned("x" * LIMIT + "비트", LIMIT) == "x" * LIMIT  # what is not read does not matter


def test_the_lowest_hash_has_a_place_too():
    assert few._place(-(2**31), 2**18) == 0
    assert few._place(-5, 2**18) == few._place(5, 2**18) == 5
