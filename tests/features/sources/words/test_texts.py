"""Texts as numbers: one spelling, the lexicon, the hashes."""

import subprocess
import sys
import time
from math import isnan

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.features.sources.words.texts import CHUNK, FALLING, LIMIT, RISING, clean, hashed, polarity, word_sets
from tests.features.sources.test_events import HOSTILE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, ""),
        ("BITCOIN  soars\n\tagain", "bitcoin soars again"),
        ("w\u200bi\u200cn\ufeff", "win"),
        ("\u202ewin\u202c", "win"),
        ("ｗｉｎ ﬁne", "win fine"),
        ("nul\x00byte", "nul byte"),
        ("ÉTÉ", "été"),
        ("e\u0301te\u0301", "été"),
        ("🚀", "🚀"),
        ("x" * 5000, "x" * LIMIT),
        ("\ufdfa" * 2000, None),
    ],
)
def test_one_spelling(text, expected):
    got = clean(pl.Series([text], dtype=pl.String))[0]

    assert len(got) <= LIMIT
    if expected is not None:
        assert got == expected


@given(st.lists(st.text(max_size=60), max_size=6))
@settings(max_examples=60, deadline=None)
def test_cleaning_is_of_each_text_alone(texts):
    together = clean(pl.Series(texts, dtype=pl.String)).to_list()

    assert together == [clean(pl.Series([text], dtype=pl.String))[0] for text in texts]
    sides = polarity(pl.Series(together, dtype=pl.String))
    assert np.all(np.isnan(sides) | (np.abs(sides) <= 1))


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("win", 1.0),
        ("winner", None),
        ("a win, a loss: loss!", -1 / 3),
        ("rise and fall", 0.0),
        ("🚀🚀 sell", 1 / 3),
        ("(hack)", -1.0),
        ("", None),
        ("été gagné", None),
    ],
)
def test_sides(text, side):
    got = polarity(clean(pl.Series([text])))[0]

    assert isnan(got) if side is None else got == side


def test_no_word_is_on_both_sides():
    assert set(RISING.split()) & set(FALLING.split()) == set()
    assert all(word == word.lower() and word.isascii() for word in (RISING + FALLING).split())


def test_hashes_are_the_same_in_every_process():
    code = (
        "import polars as pl; from alphaloop.features.sources.words.texts import hashed, word_sets\n"
        "x = pl.Series(['btc soars', 'été 🚀'])\n"
        "print(hashed(x, 8).tolist(), [part.tolist() for pair in word_sets(x) for part in pair])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "77"}
    )

    texts = pl.Series(["btc soars", "été 🚀"])
    expected = f"{hashed(texts, 8).tolist()} {[part.tolist() for pair in word_sets(texts) for part in pair]}"
    assert answer.stdout.strip() == expected


def test_word_sets_hold_each_word_and_pair_once():
    ((bounds, hashes),) = word_sets(pl.Series(["btc btc btc", "", "btc up"]))

    assert bounds.tolist() == [0, 2, 2, 5]  # btc and btc-btc; nothing; btc, up, btc-up
    assert len(set(hashes.tolist())) == 4


def test_chunks_do_not_show():
    texts = pl.Series([f"word{n} word{n % 7}" for n in range(CHUNK + 5)])

    at_once, apart = hashed(texts, 8), np.concatenate([hashed(texts[:9], 8), hashed(texts[9:], 8)])

    assert np.array_equal(at_once, apart)
    assert sum(len(bounds) - 1 for bounds, _ in word_sets(texts)) == len(texts)


def test_inner_products_are_kept_on_average():
    """Over many words: equal texts 1, texts without a common word near 0."""
    vectors = hashed(pl.Series([" ".join(f"w{50 * n + k}" for k in range(50)) for n in range(200)]), 64)

    products = vectors @ vectors.T
    np.testing.assert_allclose(np.diag(products), 1.0)
    assert abs(products[np.triu_indices(200, 1)].mean()) < 0.01


def test_hostile_texts_cost_little():
    texts = pl.Series(HOSTILE * 3)
    began = time.process_time()
    cleaned = clean(texts)

    polarity(cleaned)
    hashed(cleaned, 32)

    assert time.process_time() - began < 10
    assert cleaned.str.len_chars().max() <= LIMIT


pieces = st.sampled_from([*RISING.split()[:9], *FALLING.split()[:9], *"é_1🚀💀 -ß"])


@given(texts=st.lists(st.lists(pieces, max_size=12).map("".join), min_size=1, max_size=20))
@settings(deadline=None)
def test_few_texts_take_the_sides_they_take_among_many(texts):
    few, many = polarity(pl.Series(texts)), polarity(pl.Series(texts * 80))

    np.testing.assert_array_equal(np.tile(few, 80), many)
