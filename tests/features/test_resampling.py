"""Closed frames only, made of the bars there are; equal to polars where nothing is missing."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import nan

from alphaloop.core.errors import InvalidOption, UnsortedData
from alphaloop.core.market import Market
from alphaloop.core.time import MINUTE_US, Timeframe
from alphaloop.features.resampling import closed_frames, reachable, resample
from tests.features.builders import random_tape

ONE, THREE, FIVE, HOUR = (Timeframe.parse(text) for text in ("1m", "3m", "5m", "1h"))


def closes(*minutes):
    return np.array(minutes, dtype=np.int64) * MINUTE_US


def bars_of(*rows):
    return np.array(rows, dtype=float).T


def test_a_frame_takes_first_highest_lowest_last_and_sums():
    bars = bars_of([5, 7, 4, 6, 1, 0.1], [6, 9, 6, 8, 2, 0], [8, 8, 3, 4, 3, 0.2])
    frames = closed_frames(closes(1, 2, 3), bars, ONE, THREE)

    assert frames.bars[:, 0].tolist() == pytest.approx([5, 9, 3, 4, 6, 0.3])
    assert (frames.opened[0], frames.closed[0], frames.last[0]) == (0, 3 * MINUTE_US, 2)


def test_the_forming_frame_does_not_exist():
    bars = np.ones((5, 5))
    assert closed_frames(closes(1, 2, 3, 4, 5), bars, ONE, THREE).closed.tolist() == closes(3).tolist()
    assert len(closed_frames(closes(1, 2), bars[:, :2], ONE, THREE)) == 0
    assert len(closed_frames(closes(), bars[:, :0], ONE, THREE)) == 0


def test_holes_leave_partial_frames_and_no_empty_ones():
    frames = closed_frames(closes(1, 3, 11, 12), np.ones((5, 4)), ONE, THREE)
    assert frames.closed.tolist() == closes(3, 12).tolist()
    assert frames.count.tolist() == [2, 2]


def test_a_frame_whose_last_bar_is_missing_is_known_with_the_next_bar():
    # the bar closing at 3 is missing: at 4 the frame [0, 3) is closed nonetheless
    assert len(closed_frames(closes(1, 2), np.ones((5, 2)), ONE, THREE)) == 0
    frames = closed_frames(closes(1, 2, 4), np.ones((5, 3)), ONE, THREE)
    assert (frames.closed.tolist(), frames.count.tolist()) == (closes(3).tolist(), [2])


def test_an_unknown_volume_makes_the_frame_s_unknown():
    bars = np.ones((5, 3))
    bars[4, 1] = nan
    assert np.isnan(closed_frames(closes(1, 2, 3), bars, ONE, THREE).bars[4, 0])


def test_a_bar_late_by_less_than_a_bar_stays_in_its_frame():
    late = closes(1, 2, 3) + MINUTE_US // 2
    frames = closed_frames(late, np.ones((5, 3)), ONE, THREE)
    assert (frames.closed.tolist(), frames.count.tolist()) == (closes(3).tolist(), [3])


def test_reachable_never_goes_below_the_bars():
    assert reachable(ONE, THREE) == THREE
    assert reachable(FIVE, THREE) == FIVE
    assert reachable(HOUR, THREE) == HOUR
    assert str(reachable(Timeframe.parse("3h"), Timeframe.parse("4h"))) == "6h"


def test_what_does_not_fit_is_refused():
    with pytest.raises(InvalidOption, match="multiple"):
        closed_frames(closes(5), np.ones((5, 1)), FIVE, THREE)
    with pytest.raises(UnsortedData):
        closed_frames(closes(2, 1), np.ones((5, 2)), ONE, THREE)


@given(seed=st.integers(0, 2**32), rows=st.integers(1, 200), ratio=st.sampled_from([1, 3, 12]), start=st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_equal_to_polars(seed, rows, ratio, start):
    rng = np.random.default_rng(seed)
    tape, to = random_tape(rng, rows), Timeframe(ratio * MINUTE_US)
    opens = (start + np.flatnonzero(rng.random(rows) < 0.8)) * MINUTE_US
    tape = tape[: len(opens)]
    frame = pl.DataFrame({"ts": opens, **{name: tape[:, k] for k, name in enumerate("ohlcv")}})
    columns = [pl.col("o").first(), pl.col("h").max(), pl.col("l").min(), pl.col("c").last(), pl.col("v").sum()]
    expected = frame.group_by(pl.col("ts") // to.us * to.us, maintain_order=True).agg(columns)
    known = int(opens[-1]) + MINUTE_US if len(opens) else 0
    expected = expected.filter(pl.col("ts") + to.us <= known)

    frames = closed_frames(opens + MINUTE_US, tape.T, ONE, to)

    assert frames.opened.tolist() == expected["ts"].to_list()
    np.testing.assert_allclose(frames.bars[:5].T, expected.select("o", "h", "l", "c", "v").to_numpy(), rtol=1e-12)


def test_a_market_is_resampled_asset_by_asset():
    values = np.full((6, 2, 6), 1.0)
    values[0:3, 1] = nan
    values[4, :, 1] = 7.0
    made = resample(Market(np.arange(6) * MINUTE_US, ("A", "B"), values, ONE), THREE)

    assert made.ts.tolist() == closes(0, 3).tolist()
    assert made.values[1].tolist() == [[1.0, 7.0, 1.0, 1.0, 3.0, 3.0]] * 2
    assert np.isnan(made.values[0, 1]).all()
    assert made.timeframe == THREE
