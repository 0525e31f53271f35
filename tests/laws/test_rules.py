"""Laws of the chosen rules: whatever they are, the simulator equals its reference and the batch its venue.

The markets are those of the simulator's own laws, with mark prices on some; a set of rules is
drawn with each, the presets among them.
"""

import os
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Bars
from alphaloop.execution.simulator.batch import simulate
from alphaloop.execution.simulator.presets import PRESETS
from alphaloop.execution.simulator.rules import (
    Basis,
    Both,
    EntryBar,
    FillRules,
    Gap,
    Kind,
    Queued,
    Rounding,
    StopBarSignal,
    Timing,
)
from alphaloop.execution.simulator.venue import SimulatedVenue
from tests.execution.simulator.test_batch import cases, drive
from tests.laws.test_simulator import NAN, STEP, Play, facts, merged, numbers, plays
from tests.reference.simulator import SlowVenue

ROUNDS = settings(deadline=None, max_examples=int(os.environ.get("ALPHALOOP_LAW_EXAMPLES", "200")))
TICKS = [Decimal("0.01"), Decimal("0.5"), Decimal(3)]


@st.composite
def rules(draw) -> FillRules:
    """Any rules that can hold at once."""
    if draw(st.integers(0, 4)) == 0:
        return draw(st.sampled_from(list(PRESETS.values())))
    timing, queued = draw(st.sampled_from([*((Timing.NEXT_OPEN, one) for one in Queued), *FITTING]))
    after = queued is Queued.AFTER_STOPS
    return FillRules(
        timing,
        draw(st.sampled_from(list(EntryBar))),
        queued,
        draw(st.sampled_from(list(Both))),
        draw(st.sampled_from(list(Gap))),
        draw(st.sampled_from(list(Gap))),
        draw(st.frozensets(st.sampled_from(list(Kind)))),
        draw(st.sampled_from(list(Basis))),
        draw(st.sampled_from(list(Rounding))),
        draw(st.sampled_from(list(StopBarSignal))) if after else StopBarSignal.KEPT,
    )


FITTING = [(Timing.SIGNAL_CLOSE, Queued.BEFORE_STOPS), (Timing.NEXT_CLOSE, Queued.AFTER_STOPS)]


@st.composite
def marks_of(draw, rows: list[list[list[float]]]) -> list[np.ndarray | None]:
    """Mark prices beside the bars: of all of them, of some, or of none."""
    if draw(st.integers(0, 2)) > 0:
        return [None] * len(rows)
    found = []
    for bars in rows:
        pairs = [sorted(draw(st.tuples(MARKS, MARKS))) if draw(st.integers(0, 3)) else [NAN, NAN] for _ in bars]
        found.append(np.array(pairs) if draw(st.integers(0, 4)) else None)
    return found


MARKS = st.integers(40, 160).map(float)


def run(play: Play, marks, venue):
    """Fills and account after each bar."""
    for i, (rows, orders) in enumerate(zip(play.rows, play.orders, strict=True)):
        fills = venue.on_bars(Bars(i * STEP, (i + 1) * STEP, play.symbols, np.array(rows), marks[i]))
        yield fills, venue.account()
        venue.submit(orders)


@ROUNDS
@given(plays(most_bars=6), rules(), st.sampled_from(TICKS), st.data())
def test_the_simulator_equals_its_reference_under_any_rules(play, chosen, tick, data):
    marks = data.draw(marks_of(play.rows))
    instruments = tuple(replace(one, tick=tick) for one in play.instruments)
    known = {one.symbol: one for one in instruments}
    fast_venue = SimulatedVenue(instruments, play.cash, chosen)
    slow_venue = SlowVenue(known, play.symbols, play.cash, chosen)
    for (fast_fills, fast), (slow_fills, slow) in zip(
        run(play, marks, fast_venue), run(play, marks, slow_venue), strict=True
    ):
        expected, actual = merged(slow_fills), merged(fast_fills)

        assert [facts(fill) for fill in actual] == [facts(fill) for fill in expected]
        for one, other in zip(actual, expected, strict=True):
            assert numbers(one) == pytest.approx(numbers(other), rel=1e-9, abs=1e-9)
        assert (fast.working, fast.underway) == (slow.working, slow.underway)
        for name in ("equity", "cash", "peak_equity", "quantity", "entry_price", "mark_price", "margin"):
            value = getattr(slow, name)
            assert getattr(fast, name) == pytest.approx(value, rel=1e-9, abs=1e-9, nan_ok=True), name


@ROUNDS
@given(st.booleans().flatmap(lambda units: cases(fractions=False, units=units)), rules(), st.data())
def test_the_batch_equals_the_venue_under_any_rules(case, chosen, data):
    drawn = data.draw(marks_of(case.market.values.tolist()))
    none = np.full((len(case.market.symbols), 2), NAN)
    marks = None if drawn[0] is None else np.stack([none if one is None else one for one in drawn])
    case = replace(case, market=replace(case.market, mark=marks))

    result = simulate(case.market, case.plan, case.instruments, 1000.0, rules=chosen)
    fills, equity = drive(case, 1000.0, chosen)

    assert result.fills() == fills
    assert result.equity.tolist() == equity


@ROUNDS
@given(plays(), rules(), st.integers(1, 8))
def test_the_past_does_not_depend_on_the_future_under_any_rules(play, chosen, cut):
    """A rule may look ahead inside its bar; none looks at the next."""
    short = Play(play.instruments, play.rows[:cut], play.orders[:cut], play.cash)
    marks = [None] * len(play.rows)
    venues = (SimulatedVenue(play.instruments, play.cash, chosen) for _ in range(2))
    for (fills, view), (fills_too, view_too) in zip(
        run(short, marks, next(venues)), run(play, marks, next(venues)), strict=False
    ):
        assert fills == fills_too
        assert view.equity == view_too.equity


@given(st.sampled_from(list(Timing)), st.sampled_from(list(Queued)), st.sampled_from(list(StopBarSignal)))
def test_rules_hold_at_once_or_are_refused(timing, queued, signal):
    fits = {
        (Timing.NEXT_OPEN, Queued.BEFORE_STOPS): signal is StopBarSignal.KEPT,
        (Timing.NEXT_OPEN, Queued.AFTER_STOPS): True,
        (Timing.SIGNAL_CLOSE, Queued.BEFORE_STOPS): signal is StopBarSignal.KEPT,
        (Timing.NEXT_CLOSE, Queued.AFTER_STOPS): True,
    }.get((timing, queued), False)
    if fits:
        assert FillRules(timing=timing, queued=queued, stop_bar_signal=signal).queued is queued
        return
    with pytest.raises(InvalidOption):
        FillRules(timing=timing, queued=queued, stop_bar_signal=signal)
