"""Trend and momentum on prices whose shape is known; point in time, and the same bits from memory alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.core.time import HOUR_US, MINUTE_US, Timeframe
from alphaloop.features.timeframes import (
    MOMENTUM_COLUMNS,
    TREND_COLUMNS,
    momentum,
    momentum_columns,
    summaries,
    trend,
    trend_columns,
)
from tests.features.builders import random_tape

ONE, FIVE, HOUR, DAY, FOUR = (Timeframe.parse(text) for text in ("1m", "5m", "1h", "1d", "4h"))


def flat(close):
    return np.tile(np.asarray(close, dtype=float), (5, 1))


def clock(rows, timeframe, start=0):
    return (start + np.arange(1, rows + 1)) * timeframe.us


def column(made, names, name):
    return made[names.index(name)]


def test_a_rise_is_a_strong_trend_up():
    close = 100 * 1.001 ** np.arange(200)
    seen = trend(clock(200, FOUR), flat(close), FOUR)

    assert (seen.frame, seen.direction, seen.strength) == ("4h", "up", "strong")
    assert seen.score == pytest.approx(np.sqrt(29))  # 30 closes, 29 equal steps
    assert seen.momentum == pytest.approx(1.001**6 - 1)
    assert seen.support == pytest.approx(close[-30])  # no turning point: the window's extreme
    assert seen.resistance is None
    assert seen.closed_at == 200 * FOUR.us


def test_strength_follows_the_score():
    # 29 steps, a ups of 1 and the others swinging: score = sum / sqrt(29)
    def strength(rise):
        steps = np.concatenate([np.full(rise, 0.01), np.tile([0.01, -0.01], 15)[: 29 - rise]])
        seen = trend(clock(30, FOUR), flat(100 * np.exp(np.cumsum(np.append(0.0, steps)))), FOUR)
        return seen.direction, seen.strength

    assert strength(3) == ("sideways", "weak")  # 3 / 5.39
    assert strength(7) == ("up", "weak")  # 7 / 5.39 = 1.3
    assert strength(11) == ("up", "medium")
    assert strength(15) == ("up", "strong")


def test_levels_are_the_nearest_turning_points():
    close = [10, 9, 8, 9, 10, 12, 14, 13, 12, 11, 12, 13, 15, 16, 15, 14, 13, 13.5]
    high, low = np.add(close, 0.5), np.subtract(close, 0.5)
    bars = np.stack([close, high, low, close, close]).astype(float)
    seen = trend(clock(18, FOUR), bars, FOUR)

    # lows turn at 8, 11 and highs at 14, 16; the last close is 13.5 and 13 is too young to be a turn
    assert (seen.support, seen.resistance) == (10.5, 14.5)


def test_a_level_needs_two_frames_after_it():
    close = [10.0] * 12 + [12, 15, 12, 11]
    turned = trend(clock(16, FOUR), flat(close), FOUR)
    before = trend(clock(15, FOUR), flat(close[:15]), FOUR)
    assert turned.resistance == 15.0
    assert before.resistance == 15.0  # not yet a turn, but the extreme of the window


def test_trend_waits_for_twelve_frames():
    made = trend_columns(clock(60, HOUR), flat(np.linspace(10, 20, 60)), HOUR)
    known = ~np.isnan(made[0])
    assert known.tolist() == [False] * 47 + [True] * 13


def test_at_five_minutes_the_newest_long_frame_is_the_last_closed_one():
    rows = 48 * 20
    made = trend_columns(clock(rows, FIVE), flat(np.linspace(10, 20, rows)), FIVE)
    closed = column(made, TREND_COLUMNS, "closed")
    now = clock(rows, FIVE)
    known = ~np.isnan(closed)
    assert (closed[known] == now[known] // FOUR.us * FOUR.us).all()


def test_momentum_of_a_rise():
    close = 100 * 1.001 ** np.arange(60)
    seen = momentum(clock(60, FIVE), flat(close), FIVE)

    assert (seen.frame, seen.breakout, seen.condition, seen.micro_trend) == ("5m", "up", "overbought", "up")
    assert seen.momentum == pytest.approx(1.001**5 - 1)
    assert seen.score == pytest.approx(np.sqrt(5))
    assert seen.rsi == 100.0


def test_momentum_of_a_fall_and_of_stillness():
    seen = momentum(clock(60, FIVE), flat(100 * 0.999 ** np.arange(60)), FIVE)
    assert (seen.breakout, seen.condition, seen.micro_trend) == ("down", "oversold", "down")
    still = momentum(clock(60, FIVE), flat(np.full(60, 5.0)), FIVE)
    assert (still.breakout, still.condition, still.micro_trend) == ("none", "neutral", "sideways")
    assert np.isnan(still.rsi)


def test_a_breakout_is_beyond_the_twenty_frames_before():
    close = [10, 12, *[11] * 18, 12]
    assert momentum(clock(21, FIVE), flat(close), FIVE).breakout == "none"
    assert momentum(clock(21, FIVE), flat([*close[:-1], 12.1]), FIVE).breakout == "up"
    assert momentum(clock(22, FIVE), flat([12, *close[:1], *close[2:], 11.1]), FIVE).breakout == "none"


def test_three_minutes_come_from_one_and_five_where_that_is_finest():
    assert momentum(clock(200, ONE), flat(np.linspace(10, 20, 200)), ONE).frame == "3m"
    assert momentum(clock(200, FIVE), flat(np.linspace(10, 20, 200)), FIVE).frame == "5m"
    assert trend(clock(200, DAY), flat(np.linspace(10, 20, 200)), DAY).frame == "1d"


def test_summaries_carry_what_is_known():
    now, bars = clock(100, FIVE), flat(np.linspace(10, 20, 100))
    assert list(summaries(now, bars, FIVE)) == ["3m"]
    both = summaries(clock(2000, FIVE), flat(np.linspace(10, 20, 2000)), FIVE)
    assert (list(both), both["4h"].direction, both["3m"].frame) == (["4h", "3m"], "up", "5m")
    assert summaries(now[:0], bars[:, :0], FIVE) == {}


def test_a_long_hole_makes_the_trend_unknown():
    rows = 40
    now = clock(rows, FOUR)
    now[25:] += 40 * FOUR.us
    made = trend_columns(now, flat(np.linspace(10, 20, rows)), FOUR)
    assert (~np.isnan(made[0])).tolist() == [False] * 11 + [True] * 14 + [False] * 11 + [True] * 4


@given(seed=st.integers(0, 2**32), minutes=st.sampled_from([1, 5, 60]), holes=st.sampled_from([0.0, 0.1, 0.6]))
@settings(max_examples=30, deadline=None)
def test_the_memory_alone_gives_the_bits_of_the_whole(seed, minutes, holes):
    rng, step = np.random.default_rng(seed), Timeframe(minutes * MINUTE_US)
    long, short = Timeframe(12 * step.us), Timeframe(3 * step.us)
    rows = 900
    now = clock(rows, step, start=int(rng.integers(0, 50)))
    bars = random_tape(rng, rows).T
    kept = rng.random(rows) >= holes
    now, bars = now[kept], np.ascontiguousarray(bars[:, kept])
    whole = np.vstack([trend_columns(now, bars, step, long), momentum_columns(now, bars, step, short)])

    for i in rng.integers(0, len(now), 12).tolist():
        first = max(0, i - 31 * 12)
        part = now[first : i + 1], np.ascontiguousarray(bars[:, first : i + 1])
        alone = np.vstack([trend_columns(*part, step, long), momentum_columns(*part, step, short)])
        assert alone[:, -1].tobytes() == whole[:, i].tobytes()


@given(seed=st.integers(0, 2**32), cut=st.integers(1, 799))
@settings(max_examples=30, deadline=None)
def test_the_future_changes_nothing(seed, cut):
    rng = np.random.default_rng(seed)
    now, bars = clock(800, HOUR), random_tape(rng, 800).T.copy()
    before = trend_columns(now, bars, HOUR), momentum_columns(now, bars, HOUR, FOUR)
    bars[:, cut:] *= 1 + rng.random((6, 800 - cut))
    after = trend_columns(now, bars, HOUR), momentum_columns(now, bars, HOUR, FOUR)

    for one, other in zip(before, after, strict=True):
        assert one[:, :cut].tobytes() == other[:, :cut].tobytes()


def test_bars_later_than_a_bar_leak_nothing():
    # two bars become known inside the same hour, both late: the earlier row may not see the later bar
    rng = np.random.default_rng(5)
    now, bars = clock(200, HOUR), random_tape(rng, 200).T.copy()
    now[99] = now[100] + HOUR_US // 2 - 1
    now[100] += HOUR_US // 2
    one = trend_columns(now, bars, HOUR)
    bars[:, 100] *= 3
    other = trend_columns(now, bars, HOUR)
    assert one[:, :100].tobytes() == other[:, :100].tobytes()


def test_column_names_match_their_rows():
    now, bars = clock(2000, FIVE), flat(np.linspace(10, 20, 2000))
    assert len(trend_columns(now, bars, FIVE)) == len(TREND_COLUMNS)
    assert len(momentum_columns(now, bars, FIVE)) == len(MOMENTUM_COLUMNS)
