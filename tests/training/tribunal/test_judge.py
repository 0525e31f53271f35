"""Soundness: what looks back only is never accused; what looks ahead by one bar always is."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.training.tribunal.futures import Futures, make_futures
from alphaloop.training.tribunal.judge import judge
from alphaloop.training.tribunal.scene import make_scene
from alphaloop.training.tribunal.subject import Recipe
from alphaloop.training.tribunal.verdict import AVAILABILITY
from tests.training.tribunal.builders import lagged, on_closes

SMALL: Futures = make_futures(make_scene(days=2), 7)
weights = st.floats(-2, 2).filter(lambda weight: abs(weight) > 1e-3)


def recursion(decay, parts, reset):
    """An average of lagged closes that forgets, and begins anew when the close falls by ``reset``."""

    def function(closes):
        out, state = np.empty(len(closes)), 0.0
        inputs = sum(weight * np.nan_to_num(lagged(closes, lag)) for lag, weight in parts)
        for i in range(len(closes)):
            fallen = i > 0 and closes[i] < closes[i - 1] * (1 - reset)
            state = inputs[i] if fallen else decay * state + inputs[i]
            out[i] = state
        return out

    return function


@given(
    decay=st.floats(0, 0.999),
    parts=st.lists(st.tuples(st.integers(0, 30), weights), min_size=1, max_size=4),
    reset=st.floats(0.001, 0.05),
    seed=st.integers(0, 99),
)
@settings(max_examples=25, deadline=None)
def test_a_causal_recursion_is_never_accused(decay, parts, reset, seed):
    verdict = judge(on_closes(recursion(decay, parts, reset)), SMALL, cuts=16, seed=seed)

    assert verdict.leaking == ()


@given(
    back=st.lists(st.tuples(st.integers(0, 20), weights), max_size=3),
    ahead=st.integers(1, 20),
    weight=weights,
    seed=st.integers(0, 99),
)
@settings(max_examples=25, deadline=None)
def test_one_term_from_ahead_is_always_caught(back, ahead, weight, seed):
    parts = [*back, (-ahead, weight)]

    verdict = judge(
        on_closes(lambda closes: sum(w * lagged(closes, lag) for lag, w in parts)), SMALL, cuts=16, seed=seed
    )

    assert verdict.leaking == ("value",)


def test_a_slow_average_is_unstable_and_not_leaking(small):
    [finding] = judge(on_closes(recursion(0.6, [(0, 0.4)], 1.0), memory=1), small, cuts=16).findings

    assert (finding.leaking, finding.startup.manner) == (False, "warm-up")
    assert finding.startup.settles > 10


def test_a_constant_is_reported_not_accused(small):
    [finding] = judge(on_closes(np.ones_like), small, cuts=16).findings

    assert (finding.leaking, finding.sensitive) == (False, False)


def test_one_symbol_at_a_time_finds_the_same(small):
    verdict = judge(on_closes(lambda closes: lagged(closes, -1)), small, cuts=15, apart=True)

    assert (verdict.leaking, verdict.cuts) == (("value",), 15)


def test_a_timetable_may_stand_still_when_rows_come_later(scene, futures):
    """Time to the next settlement is known from the schedule; a shift of one bucket need not move it."""

    def hours_left(frames):
        bars = frames["market_bars"].select("symbol", known_at="available_at")
        anything = frames["funding_rates"].select("symbol", "available_at").sort("available_at")
        joined = bars.sort("known_at").join_asof(
            anything, left_on="known_at", right_on="available_at", by="symbol", check_sortedness=False
        )
        left = 8 - pl.col("known_at").dt.hour() % 8
        started = pl.col("known_at") >= pl.col("known_at").min() + pl.duration(days=2)
        return joined.with_columns(value=pl.when(pl.col("available_at").is_not_null() & started).then(left))

    [finding] = judge(
        Recipe("timetable", ("value",), ("market_bars", "funding_rates"), hours_left), futures, cuts=16
    ).findings

    assert finding.unshifted == ("funding_rates",)
    assert finding.caught_by == ()
    assert AVAILABILITY in finding.evidence


def test_progress_counts_the_looks(small):
    told = []

    judge(on_closes(lambda closes: closes), small, cuts=8, progress=told.append)

    assert told == list(range(1, 9))


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_seed_gives_the_same_verdict(small, seed):
    subject = on_closes(lambda closes: lagged(closes, -3))

    assert judge(subject, small, cuts=12, seed=seed) == judge(subject, small, cuts=12, seed=seed)
