"""Laws of the oracle: no path is better, the simulator pays its value, no market order beats it."""

import os
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.execution.simulator.batch import targets
from alphaloop.hindsight.oracle.paths import best_paths, replay
from alphaloop.hindsight.oracle.regret import regret_of_plan
from alphaloop.hindsight.oracle.tape import tape, whole_lots
from alphaloop.hindsight.oracle.values import action_values, future_values
from tests.hindsight.oracle.builders import NAN, every_path, instruments, market_of, rows

ROUNDS = settings(deadline=None, max_examples=int(os.environ.get("ALPHALOOP_LAW_EXAMPLES", "60")))
GRIDS = st.sampled_from([(-1, 1), (1,), (-1, 0.5, 2), (-2, -1)])
NEAR = 1e-9 * 100.0  # of the notional of one unit
STILL = [100.0, 100.0, 100.0, 100.0, 1.0, 0.0]


@ROUNDS
@given(bars=st.lists(rows(), min_size=1, max_size=6), instrument=instruments(), grid=GRIDS, k=st.integers(1, 40))
def test_the_best_paths_are_the_best_of_all_that_the_simulator_walks(bars, instrument, grid, k):
    levels = whole_lots(instrument, 1.25, grid)
    market = market_of([*bars[: 5 if len(levels) > 3 else 6], STILL])
    every = every_path(market, instrument, levels)
    paths = best_paths(tape(market, 0, instrument, levels), k)

    best = sorted(every.values(), reverse=True)[:k]
    assert len(paths.values) == len(best)
    assert np.abs(paths.values - best).max() < NEAR
    for place in range(len(best)):
        assert abs(every[tuple(paths.positions(place).tolist())] - paths.values[place]) < NEAR


@ROUNDS
@given(bars=st.lists(rows(), min_size=8, max_size=60), instrument=instruments(), grid=GRIDS, k=st.integers(1, 5))
def test_the_simulator_pays_the_oracle_bar_by_bar(bars, instrument, grid, k):
    market = market_of([*bars, STILL])
    own = tape(market, 0, instrument, whole_lots(instrument, 3.7, grid))

    paths = best_paths(own, k)

    for place, value in enumerate(paths.values):
        paid = replay(paths, market, 0, instrument, place).equity
        assert np.abs(paid - paid[0] - paths.profit(place)).max() < NEAR
        assert abs(paths.profit(place)[-1] - value) < NEAR


@ROUNDS
@given(bars=st.lists(rows(), min_size=2, max_size=40), instrument=instruments(), grid=GRIDS)
def test_backwards_and_forwards_agree(bars, instrument, grid):
    market = market_of([STILL, *bars])
    own = tape(market, 0, instrument, whole_lots(instrument, 1.0, grid))

    values, best = future_values(own), best_paths(own).values[0]

    assert abs(values[0, own.flat] - best) < NEAR
    actions = action_values(own, own.flat)
    fills = own.bars[1:, 4] == 1
    assert np.abs(np.nanmax(actions[:-1][fills], axis=1) - values[:-1][fills, own.flat]).max(initial=0.0) < NEAR


sizes = st.sampled_from([NAN, NAN, 0.0, -1.0, 1.0, 0.37, -0.61, 2.0])


@ROUNDS
@given(data=st.data(), units=st.booleans())
def test_no_sequence_of_market_orders_is_better_than_the_oracle(data, units):
    """Of any sizes, of several symbols, in base units or as fractions of an equity that is reinvested."""
    length = data.draw(st.integers(2, 12))
    symbols = data.draw(st.integers(1, 2))
    drawn = [data.draw(st.lists(rows(), min_size=length, max_size=length)) for _ in range(symbols)]
    market = market_of(*([STILL, *one] for one in drawn))
    named = [data.draw(instruments(symbol)) for symbol in market.symbols]
    wanted = np.array([data.draw(st.lists(sizes, min_size=symbols, max_size=symbols)) for _ in range(length + 1)])
    plan = targets(wanted if units else wanted * 0.1, units=units)

    found = regret_of_plan(market, plan, named, 1000.0)

    assert found.step.min() > -1e-7
    assert found.total > -1e-7
    assert abs(found.step.sum() - found.total) < 1e-7
    assert abs(found.oracle[-1] - found.best.sum()) < 1e-7


@ROUNDS
@given(bars=st.lists(rows(), min_size=3, max_size=30), instrument=instruments())
def test_a_higher_fee_never_makes_more(bars, instrument):
    market = market_of([STILL, *bars])
    levels = np.array([-1.0, 0.0, 1.0])

    cheap = best_paths(tape(market, 0, instrument, levels)).values[0]
    dear = best_paths(tape(market, 0, replace(instrument, taker_fee=instrument.taker_fee + 0.01), levels)).values[0]

    assert 0 <= dear <= cheap + NEAR
