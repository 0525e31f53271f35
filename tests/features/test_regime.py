"""Regimes against hand-made bars, and every window against a slow scalar reference."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import nan

from alphaloop.core.errors import InvalidOption, SchemaViolation
from alphaloop.features.regime import LABELS, REASONS, Thresholds, classify
from tests.features.builders import random_tape
from tests.reference.regimes import regime_of

CALM = [100.0, 101.0, 99.0, 100.0]  # true range 2, no change: ATR is 2, RSI unknown


def last(bar, buy=50.0, sell=50.0, interest=nan, before=None, **options):
    """Label, direction, confidence and reason of one bar after calm ones, whose ATR the bar hardly moves."""
    prices = np.array([*(before or [CALM] * 99), bar], dtype=float).T
    flows = (np.full(prices.shape[1], value) for value in (buy, sell, interest))
    seen = classify(prices, *flows, **options)
    label = LABELS[seen.label[-1]] if seen.label[-1] >= 0 else None
    return label, int(seen.direction[-1]), float(seen.confidence[-1]), REASONS[seen.reason[-1]]


def rising(step):
    """Bars whose close always rises by ``step``: RSI is 100, ATR close to 2."""
    return [[100 + step * k, 101 + step * k, 99 + step * k, 100 + step * (k + 1)] for k in range(99)]


def test_a_long_bar_that_returns_is_a_stop_hunt_with_or_without_flow():
    bar = [100, 103, 99, 100.1]
    assert last(bar)[0] == last(bar, buy=nan)[0] == "stop_hunt"


def test_a_breakout_needs_one_sided_takers_or_growing_interest():
    bar = [100, 102, 100, 102]  # price = range = 1 ATR
    assert last(bar, 70, 30)[::3] == ("breakout", "strong flow and price, takers on one side")
    assert last(bar, 60, 40)[0] == "continuation"
    assert last(bar, 60, 40, 0.4)[::3] == ("breakout", "strong flow and price, open interest grows")
    assert last(bar, 70, 30, 0.4)[3] == "strong flow and price, takers on one side, open interest grows"
    assert last(bar, 30, 70)[0] == "noise"
    assert last([100, 100, 98, 98], 30, 70)[:2] == ("breakout", -1)


def test_a_breakout_fills_its_range():
    assert last([100, 102, 94, 102], 70, 30)[0] == "continuation"  # body 0.25 of the range


def test_falling_interest_is_exhaustion_at_an_extreme_and_a_trap_on_a_still_bar():
    still = [[100, 101, 99, 100]] * 99
    assert last([101, 102, 100, 101.1], 60, 40, -1.5, rising(0.01))[::3] == ("exhaustion", REASONS[6])
    falling = [[100 - 0.01 * k, 101, 99, 100 - 0.01 * (k + 1)] for k in range(99)]
    assert last([99, 100, 98, 98.9], 60, 40, -1.5, falling)[::3] == ("exhaustion", REASONS[7])
    mixed = [[100, 101, 99, 100 + 0.01 * (k % 2)] for k in range(99)]
    assert last([100, 100.5, 99.5, 100.0], 60, 40, -1.5, mixed)[0] == "trap"
    assert last([100, 100.5, 99.5, 100.0], 60, 40, -0.5, mixed)[0] == "absorption"
    assert last([100, 100.5, 99.5, 100.0], 60, 40, nan, still)[0] == "absorption"


def test_flow_that_price_follows_is_continuation_and_the_rest_is_noise():
    bar = [100, 101, 100, 101]  # half an ATR
    assert last(bar, 54, 46)[:2] == ("continuation", 1)
    assert last(bar, 46, 54)[0] == "noise"
    assert last(bar, 51, 49)[::3] == ("noise", "flow is weak")


def test_the_price_can_only_veto_a_direction():
    assert last([100, 101, 100, 101], 46, 54)[1] == 0
    assert last([100, 101, 100, 100], 54, 46)[1] == 1
    assert last([100, 101, 100, 101], 50, 50)[1] == 0


def test_confidence_by_hand():
    # flow 0.4, taker ln(70/30) = 0.847, interest 2.5 %, price 1 ATR of 1.99+: all signs agree
    label, _, confidence, _ = last([100, 102, 100, 102], 70, 30, 2.5)
    atr = 2.0  # the bar's own true range is 2 as well
    assert label == "breakout"
    assert confidence == pytest.approx(0.3 + 0.2 * np.log(7 / 3) + 0.2 * 0.5 + 0.3 * (2 / atr) / 2)


def test_confidence_of_noise_is_cut_twice():
    _, _, confidence, _ = last([100, 101, 99, 100], 51, 49)
    assert confidence == pytest.approx((0.3 * 0.02 / 0.3 + 0.2 * np.log(51 / 49)) * 0.85 * 0.90)


def test_what_is_unknown_says_so():
    assert last([100, 102, 100, 102], nan, 1)[::3] == (None, "taker flow unknown")
    assert np.isnan(last([100, 102, 100, 102], nan, 1)[2])
    few = classify(np.tile(np.array([CALM]).T, 14), *np.full((2, 14), 1.0))
    assert few.label.tolist() == [-1] * 14
    assert REASONS[few.reason[-1]] == "too few bars, or bars without range"
    still = classify(np.full((4, 40), 7.0), *np.full((2, 40), 1.0))
    assert set(still.label.tolist()) == {-1}
    no_trades = classify(np.tile(np.array([CALM]).T, 40), *np.zeros((2, 40)))
    assert REASONS[no_trades.reason[-1]] == "taker flow unknown"
    assert no_trades.evidence[-1] == 1


def test_without_sellers_the_takers_are_one_sided():
    assert last([100, 102, 100, 102], 70, 0)[0] == "breakout"
    assert last([100, 100, 98, 98], 0, 70)[0] == "breakout"


def test_memory_begins_anew_where_told():
    bars = np.tile(np.array([CALM]).T, 40)
    begin = np.where(np.arange(40) < 20, 0, 20)
    seen = classify(bars, *np.full((2, 40), 1.0), begin=begin)
    assert (seen.label >= 0).tolist() == [False] * 14 + [True] * 6 + [False] * 14 + [True] * 6


def test_shapes_and_thresholds_are_checked():
    with pytest.raises(SchemaViolation, match="one value per bar"):
        classify(np.ones((4, 5)), np.ones(5), np.ones(4))
    with pytest.raises(SchemaViolation, match="prices"):
        classify(np.ones(5), np.ones(5), np.ones(5))
    with pytest.raises(InvalidOption):
        Thresholds(strong_flow=0.01)
    with pytest.raises(InvalidOption):
        Thresholds(hunt_range=nan)


def test_thresholds_change_the_verdict():
    bar = [100, 102, 100, 102]
    assert last(bar, 70, 30, thresholds=Thresholds(taker_high=3.0))[0] == "continuation"


def agree(prices, buy, sell, interest):
    """Every window against the reference."""
    seen = classify(prices, buy, sell, interest)
    bars = prices.T.tolist()

    def plain(values):
        return [None if value != value else value for value in values.tolist()]

    rows = zip(plain(buy), plain(sell), plain(interest), strict=True)
    expected = [regime_of(bars[max(0, i - 99) : i + 1], *row) for i, row in enumerate(rows)]
    labels = [-1 if label is None else LABELS.index(label) for label, _, _ in expected]
    np.testing.assert_array_equal(seen.label, labels)
    np.testing.assert_array_equal(seen.direction, [direction for _, direction, _ in expected])
    sure = np.array([nan if one is None else one for _, _, one in expected])
    np.testing.assert_allclose(seen.confidence, sure, rtol=1e-12)
    return seen


@given(
    seed=st.integers(0, 2**32),
    rows=st.integers(1, 250),
    still=st.sampled_from([0.0, 0.3, 1.0]),
    unknown=st.sampled_from([0.0, 0.2, 1.0]),
    leaning=st.sampled_from([0.5, 2.0, 8.0]),
)
@settings(max_examples=60, deadline=None)
def test_equal_to_the_slow_reference_on_every_window(seed, rows, still, unknown, leaning):
    rng = np.random.default_rng(seed)
    tape = random_tape(rng, rows, still=still)
    volume = tape[:, 4]
    buy = volume * rng.beta(leaning, leaning, rows)
    buy[rng.random(rows) < unknown] = nan
    interest = rng.normal(0, 1.0, rows)
    interest[rng.random(rows) < unknown] = nan

    agree(tape[:, :4].T, buy, volume - buy, interest)


def bitcoin(shared_data):
    """Open, high, low, close, takers' buying and selling of the real 5m bars that have them."""
    frame = pl.read_parquet(shared_data / "bars" / "BTCUSDT_5m.parquet").drop_nulls("taker_buy_volume").sort("ts")
    frame = frame.select(pl.col("open", "high", "low", "close", "volume", "taker_buy_volume").cast(pl.Float64))
    opened, high, low, close, volume, buy = frame.to_numpy().T
    return np.stack([opened, high, low, close]), buy, volume - buy


def test_equal_to_the_slow_reference_on_real_bars(shared_data):
    prices, buy, sell = (part[..., -6000:] for part in bitcoin(shared_data))
    interest = np.random.default_rng(3).normal(0, 1.0, len(buy))

    seen = agree(prices, buy, sell, interest)

    assert set(seen.label[14:].tolist()) == set(range(7))


@pytest.mark.slow
def test_equal_to_the_slow_reference_on_every_real_window(shared_data):
    prices, buy, sell = bitcoin(shared_data)
    agree(prices, buy, sell, np.full(len(buy), nan))
