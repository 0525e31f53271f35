"""The view: the right row at any instant, read-only, blind to what comes after."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.core.account import Account
from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import CLOSE, Market
from alphaloop.features.contract import Schema
from alphaloop.features.facts import SymbolFacts
from alphaloop.features.matrix import compute_arrays
from alphaloop.features.sources.regime import regime_at
from alphaloop.features.timeframes import summaries
from alphaloop.features.view import MarketView
from tests.features.builders import FIVE, market, random_market, tape

SCHEMA = Schema(["close", "ret_1", "vol_3", "rsi_3"])
ACCOUNT = Account(Decimal(100)).view(("A", "B"), {}, 0.0)
instants = st.lists(st.integers(-2 * FIVE.us, 45 * FIVE.us), min_size=1, max_size=30)


def test_a_bar_is_seen_when_it_closes_not_before():
    view = MarketView(market(tape([10, 11]), tape([20, 21])), Schema(["close"]))

    seen = [view.observe(now, ACCOUNT) for now in (0, FIVE.us - 1, FIVE.us, 2 * FIVE.us - 1, 2 * FIVE.us, 99 * FIVE.us)]

    assert [one.mask.all() for one in seen] == [False, False, True, True, True, True]
    assert [one.values[:, 0].tolist() for one in seen[2:]] == [[10, 20], [10, 20], [11, 21], [11, 21]]


def test_an_observation_carries_its_circumstances():
    seen = MarketView(random_market(0, 9), SCHEMA).observe(FIVE.us, ACCOUNT)

    assert (seen.now, seen.symbols, seen.features, seen.schema_hash) == (FIVE.us, ("A", "B"), SCHEMA.names, SCHEMA.hash)
    assert seen.account is ACCOUNT


def test_windows_are_the_last_rows_oldest_first_unknown_before_history():
    view = MarketView(market(tape([10, 11, 12])), Schema(["close"]), lookback=2)

    windows = [view.observe(now * FIVE.us, ACCOUNT).windows[:, 0, 0].tolist() for now in range(4)]

    assert np.array_equal(windows, [[np.nan, np.nan], [np.nan, 10], [10, 11], [11, 12]], equal_nan=True)


def test_what_is_handed_out_cannot_be_changed():
    seen = MarketView(random_market(0, 9), SCHEMA, lookback=3).observe(5 * FIVE.us, ACCOUNT)

    for part in (seen.values, seen.mask, seen.windows):
        with pytest.raises(ValueError, match="read-only"):
            part[...] = 0


@given(seed=st.integers(0, 999), instants=instants, lookback=st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_any_order_of_instants_gives_the_row_of_the_matrix(seed, instants, lookback):
    source = random_market(seed, 40, holes=0.2)
    values, mask = compute_arrays(source, SCHEMA)
    view = MarketView(source, SCHEMA, lookback)

    for now in instants:
        seen, newest = view.observe(now, ACCOUNT), min(now // FIVE.us, 40) - 1
        if newest < 0:
            assert not seen.mask.any()
            assert np.isnan(seen.windows).all()
        else:
            assert np.array_equal(seen.values, values[newest], equal_nan=True)
            assert np.array_equal(seen.mask, mask[newest])
            assert np.array_equal(seen.windows[-1], seen.values, equal_nan=True)


@given(seed=st.integers(0, 999), instants=instants)
@settings(max_examples=40, deadline=None)
def test_the_future_changes_no_observation(seed, instants):
    source, garbage = random_market(seed, 40, holes=0.2), random_market(seed + 1, 40, holes=0.2)
    view = MarketView(source, SCHEMA, 4)

    for now in instants:
        known = max(0, min(now // FIVE.us, 40))
        mixed = np.concatenate([source.values[:known], garbage.values[known:]])
        other = MarketView(Market(source.ts, source.symbols, mixed, FIVE), SCHEMA, 4)
        one, two = view.observe(now, ACCOUNT), other.observe(now, ACCOUNT)
        assert one.digest() == two.digest()
        assert one.windows.tobytes() == two.windows.tobytes()


def test_rows_apart_in_time_are_found():
    source = market(tape([1, 2, 3]), ts=[0, 10 * FIVE.us, 50 * FIVE.us])
    view = MarketView(source, Schema(["close"]))

    got = [view.observe(now * FIVE.us, ACCOUNT).values[0, 0] for now in (51, 1, 10, 11, 50, 51)]

    assert got == [3, 1, 1, 2, 2, 3]


def test_no_bars_at_all():
    assert not MarketView(random_market(0, 0), SCHEMA).observe(0, ACCOUNT).mask.any()


def test_a_lookback_below_one_is_refused():
    with pytest.raises(InvalidOption, match="lookback of 0"):
        MarketView(random_market(0, 3), SCHEMA, lookback=0)


def test_frames_and_regimes_are_those_of_the_bars_known():
    source = random_market(3, 2000, holes=0.1)
    view = MarketView(source, Schema(["close"]), words=True)
    rows = np.flatnonzero(~np.isnan(source.values[:1900, 0, CLOSE]))
    now, bars = source.ts[rows] + FIVE.us, source.values[rows, 0].T

    seen = view.observe(1900 * FIVE.us, ACCOUNT)

    assert seen.frames["A"] == summaries(now, bars, FIVE)
    assert set(seen.frames["A"]) == {"4h", "3m"}
    assert seen.regimes["A"] == regime_at(SymbolFacts("A", FIVE, now, bars))
    assert seen.regimes["A"].volatility in {"low", "normal", "high"}


@given(seed=st.integers(0, 999), cut=st.integers(1, 999))
@settings(max_examples=15, deadline=None)
def test_the_future_changes_no_word(seed, cut):
    source, garbage = random_market(seed, 1000, holes=0.2), random_market(seed + 1, 1000, holes=0.2)
    mixed = np.concatenate([source.values[:cut], garbage.values[cut:]])
    views = (MarketView(one, SCHEMA, words=True) for one in (source, Market(source.ts, source.symbols, mixed, FIVE)))

    one, two = (view.observe(cut * FIVE.us, ACCOUNT) for view in views)

    assert (one.frames, one.regimes, one.digest()) == (two.frames, two.regimes, two.digest())


def test_before_the_first_bar_there_is_nothing_to_tell():
    seen = MarketView(random_market(0, 5), SCHEMA, words=True).observe(0, ACCOUNT)

    assert (dict(seen.frames), dict(seen.regimes)) == ({}, {})
