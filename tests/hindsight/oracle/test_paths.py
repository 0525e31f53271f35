"""Best paths, by hand."""

import numpy as np
import pytest

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Instrument
from alphaloop.hindsight.oracle.paths import best_paths, orders, replay
from alphaloop.hindsight.oracle.tape import tape
from tests.hindsight.oracle.builders import FREE, MISSING, market_of, steady

LEVELS = np.array([-1.0, 0.0, 1.0])
DEAR = Instrument("X", taker_fee=0.01, slippage=0.0)


def test_a_move_smaller_than_its_cost_is_left_alone():
    assert best_paths(tape(steady(100.0, 100.0, 100.9, 100.0), 0, DEAR, LEVELS)).values.tolist() == [0.0]


def test_a_turn_is_held_through_when_leaving_costs_more():
    small = best_paths(tape(steady(100.0, 100.0, 110.0, 109.0, 120.0), 0, DEAR, LEVELS))
    large = best_paths(tape(steady(100.0, 100.0, 110.0, 100.0, 120.0), 0, DEAR, LEVELS))

    assert small.positions().tolist() == [0, 1, 1, 1, 1]
    assert large.positions().tolist() == [0, 1, -1, 1, 1]
    assert large.values[0] == pytest.approx(40 - 1 - 2 * 1.1 - 2 * 1)


def test_orders_are_decided_one_bar_before_they_fill():
    plan = orders(best_paths(tape(steady(100.0, 100.0, 110.0, 100.0, 120.0), 0, DEAR, LEVELS)))

    np.testing.assert_array_equal(plan, [1, -1, 1, np.nan, np.nan])


def test_the_profit_of_a_path_ends_at_its_value():
    paths = best_paths(tape(steady(100.0, 100.0, 110.0, 100.0, 120.0), 0, DEAR, LEVELS), k=4)

    assert [paths.profit(k)[-1] for k in range(4)] == pytest.approx(paths.values.tolist())
    assert paths.profit()[:3].tolist() == pytest.approx([0.0, -1.0, 9.0 - 2.2])


def test_paths_differ_and_descend():
    paths = best_paths(tape(steady(100.0, 101.0, 99.0, 102.0), 0, FREE, LEVELS), k=30)

    assert len({tuple(one) for one in paths.states.tolist()}) == len(paths.values) == 27
    assert (np.diff(paths.values) <= 0).all()


def test_a_market_that_never_fills_leaves_one_path():
    paths = best_paths(
        tape(market_of([[10.0] * 4 + [1.0, 0.0], MISSING, [9.0] * 4 + [0.0, 0.1]]), 0, FREE, LEVELS), k=5
    )

    assert (paths.values.tolist(), paths.states.tolist()) == ([0.0], [[1, 1, 1]])


def test_the_simulator_pays_what_was_promised():
    market = steady(100.0, 100.0, 110.0, 100.0, 120.0)
    paths = best_paths(tape(market, 0, DEAR, LEVELS), k=3)

    for k in range(3):
        paid = replay(paths, market, 0, DEAR, k).equity
        assert paid - paid[0] == pytest.approx(paths.profit(k), abs=1e-9)


def test_a_short_through_a_doubling_is_liquidated_and_the_difference_is_seen():
    """The stated limit of the oracle: it has no margin to lose."""
    dear = Instrument("X", taker_fee=0.9, slippage=0.0)
    still = [1000.0, 1000.0, 1000.0, 1000.0, 1.0, 0.0]
    market = market_of([still, still, [1000.0, 2100.0, 10.0, 10.0, 1.0, 0.0]])
    paths = best_paths(tape(market, 0, dear, np.array([-1.0, 0.0])))

    paid = replay(paths, market, 0, dear).equity
    assert paths.values[0] == pytest.approx(90.0)
    assert paid[-1] - paid[0] < 0


def test_too_many_paths_are_refused():
    own = tape(steady(1.0, 1.0), 0, FREE, LEVELS)
    for k in (0, 1001):
        with pytest.raises(InvalidOption, match="paths over"):
            best_paths(own, k)


def test_an_order_sized_before_a_halt_keeps_its_size():
    """120 at the mark of 96 is enough; after the halt has marked 90 the same size would be refused."""
    market = market_of(
        [[96.0] * 4 + [0.0, 0.0], [90.0] * 4 + [0.0, 0.0], [100.0] * 4 + [1.0, 0.0], [110.0] * 4 + [1.0, 0.0]]
    )
    least = Instrument("X", taker_fee=0.001, slippage=0.0, min_notional=120.0)
    paths = best_paths(tape(market, 0, least, np.array([0.0, 1.25])))

    assert paths.values == pytest.approx([12.5 - 0.125])
    np.testing.assert_array_equal(orders(paths), [1.25, np.nan, np.nan, np.nan])
    paid = replay(paths, market, 0, least).equity
    assert paid[-1] - paid[0] == pytest.approx(12.375)
