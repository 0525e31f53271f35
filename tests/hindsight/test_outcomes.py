"""The reward oracle against numbers worked by hand, and against the slow reference."""

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from alphaloop.core.errors import InvalidOption, SchemaViolation, UnsortedData
from alphaloop.core.market import MarginTier
from alphaloop.execution.simulator.candidates.records import FIGURES
from alphaloop.execution.simulator.candidates.run import columns_of, empty_results, kernel_runner
from alphaloop.execution.simulator.rules import Both, EntryBar, FillRules, Queued, StopBarSignal, Timing
from alphaloop.hindsight.outcomes import Costs, Outcomes, label_candidates, prepare, spread
from tests.hindsight.builders import differences, rough_bars, rough_candidates, slow_outcomes

FREE = Costs(0.0, 0.0, 0.0, 0.005, 0.0)
PAID = Costs(0.0005, 0.0002, 0.0001, 0.005, 0.0125)
FLAT = (100.0, 100.5, 99.5, 100.0)


def bars(*rows: tuple[float, ...], **more: list[float]) -> dict[str, list[float]]:
    return {name: [row[k] for row in rows] for k, name in enumerate(("open", "high", "low", "close"))} | more


def one(table, costs=FREE, horizon=5, **changes) -> Outcomes:
    plain = {"bar": 0, "side": 1, "stop": np.nan, "target": np.nan, "leverage": 1.0} | changes
    return label_candidates(table, {name: [value] for name, value in plain.items()}, costs=costs, horizon=horizon)


def test_a_target_at_market():
    table = bars(FLAT, FLAT, (100.0, 106.0, 99.0, 104.0), funding_rate=[0.0, 0.0, 0.001])

    found = one(table, stop=0.03, target=0.05, leverage=10.0)

    # 10 x 5 % = 0.5; one payment of 0.001 x 10 x 100/100; worst price 99: a tenth of the margin
    assert found.reason[0] == "target"
    assert (found.exit_bar[0], found.entry_price[0], found.exit_price[0]) == (2, 100.0, 105.0)
    assert [found.gross_return[0], found.net_return[0], found.funding[0]] == pytest.approx([0.5, 0.49, 0.01])
    assert (found.max_drawdown[0], found.fees[0]) == (pytest.approx(0.1), 0.0)


def test_costs_of_a_stop():
    found = one(bars(FLAT, (100.0, 100.5, 96.0, 97.0)), PAID, stop=0.03)

    # in at 100.01, stop 97.0097, out at 96.99999903
    assert found.exit_price[0] == pytest.approx(100.01 * 0.97 * 0.9999)
    assert found.fees[0] == pytest.approx(0.0005 * (1 + 0.97 * 0.9999))
    assert found.net_return[0] == pytest.approx(0.97 * 0.9999 - 1 - 0.0005 * (1 + 0.97 * 0.9999))
    assert found.max_drawdown[0] == pytest.approx(0.03)


def test_a_loss_is_never_more_than_the_margin():
    found = one(bars(FLAT, FLAT, (50.0, 51.0, 49.0, 50.0)), PAID, leverage=10.0)

    assert (found.reason[0], found.exit_price[0], found.net_return[0]) == ("liquidation", 50.0, -1.0)


@pytest.mark.parametrize(("side", "level"), [(1, 90 / 0.995), (-1, 110 / 1.005)])
def test_liquidation_is_where_the_margin_is_down_to_maintenance(side, level):
    found = one(bars(FLAT, (100.0, 120.0, 80.0, 100.0)), side=side, leverage=10.0)

    assert (found.reason[0], found.exit_price[0]) == ("liquidation", pytest.approx(level))


def test_one_bar_with_both_levels_is_a_stop():
    assert one(bars(FLAT, (100.0, 106.0, 94.0, 101.0)), stop=0.05, target=0.05).reason[0] == "stop"


def test_gaps_fill_at_the_open():
    low, high = (93.0, 94.0, 92.0, 93.0), (112.0, 113.0, 111.0, 112.0)

    assert one(bars(FLAT, FLAT, low), stop=0.05).exit_price[0] == 93.0
    assert one(bars(FLAT, FLAT, high), target=0.1).exit_price[0] == 112.0


def test_a_limit_is_traded_through_and_takes_no_target_in_its_own_bar():
    table = bars(FLAT, (100.0, 110.0, 98.0, 109.0), (109.0, 110.0, 108.0, 109.0))

    found = one(table, target=0.05, limit=99.0)

    assert (found.reason[0], found.exit_bar[0], found.exit_price[0]) == ("target", 2, 109.0)
    assert one(bars(FLAT, FLAT), limit=99.5).reason[0] == "not_filled"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"horizon": 2}, "horizon"), ({"horizon": 3}, "end_of_data"), ({"bar": 2}, "not_filled")],
)
def test_ends(changes, reason):
    assert one(bars(FLAT, FLAT, FLAT), **changes).reason[0] == reason


def test_what_was_not_filled_is_all_zeros():
    found = one(bars(FLAT, FLAT, FLAT), PAID, bar=2)

    names = ("net_return", "gross_return", "max_drawdown", "exit_bar", "exit_price", "entry_price", "fees", "funding")
    assert [getattr(found, name)[0] for name in names] == [0] * 8


def test_the_horizon_leaves_at_the_close():
    found = one(bars(FLAT, (100.0, 103.0, 98.0, 102.0), (102.0, 104.0, 101.0, 103.0), FLAT), PAID, horizon=2)

    price = 103 * 0.9999
    assert (found.exit_bar[0], found.exit_price[0]) == (2, price)
    assert found.net_return[0] == pytest.approx(price / 100.01 - 1 - 0.0005 * (1 + price / 100.01))
    assert found.gross_return[0] == pytest.approx(0.03)
    assert found.max_drawdown[0] == pytest.approx((100.01 - 98) / 100.01)


def test_drawdown_is_from_an_earlier_close_to_a_worst_price():
    # closes 110 then low 104: 6 of 100; the high of 115 is no close, the entry bar's low of 97 is 3
    table = bars(FLAT, (100.0, 115.0, 97.0, 110.0), (110.0, 111.0, 104.0, 105.0))

    assert one(table, leverage=2.0, horizon=2).max_drawdown[0] == pytest.approx(0.12)


def test_a_halted_bar_fills_nothing_and_a_flat_one_with_volume_does():
    halt = (90.0, 90.0, 90.0, 90.0)
    rows = (FLAT, FLAT, halt, (91.0, 92.0, 90.5, 91.0))

    assert one(bars(*rows, volume=[1.0, 1.0, 0.0, 1.0]), stop=0.05).exit_price[0] == 91.0
    assert one(bars(*rows), stop=0.05).exit_price[0] == 90.0
    assert one(bars(FLAT, halt, FLAT, volume=[1.0, 0.0, 1.0])).entry_price[0] == 100.0


def test_polars_frames_and_any_order_give_the_same():
    table, tried = rough_bars(500, 1), rough_candidates(rough_bars(500, 1), 300, 2)
    found = label_candidates(table, tried, costs=PAID, horizon=20)
    order = np.random.default_rng(3).permutation(300)
    mixed = {name: values[order] for name, values in tried.items()}

    again = label_candidates(pl.DataFrame(table), pl.DataFrame(mixed), costs=PAID, horizon=20)

    assert again.frame().equals(found.frame()[order])


def test_groups_far_apart_that_look_like_a_run_are_all_written():
    """Rows 0-99, 300-399 and 200-255 by bar: the first and the last of a batch are as far apart as in a run."""
    table = rough_bars(500, 3)
    tried = rough_candidates(table, 500, 4)
    tried["bar"] = np.concatenate([np.full(100, 1), np.full(100, 9), np.full(100, 3), np.full(100, 2), np.full(100, 8)])

    found = label_candidates(table, tried, costs=PAID, horizon=24)

    assert differences(found, slow_outcomes(table, tried, PAID, 24))[0] == 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_a_million_candidates_equal_the_slow_reference(seed):
    horizon, group = (1, 5, 12, 24, 48, 48, 96, 150)[seed % 8], (1, 1, 7, 100)[seed % 4]
    table = rough_bars(5000, 100 + seed, halts=seed % 2 == 0)
    tried = rough_candidates(table, 50_000, 200 + seed, group=group, limits=seed % 3 != 0)

    found = label_candidates(table, tried, costs=PAID, horizon=horizon)

    wrong, widest = differences(found, slow_outcomes(table, tried, PAID, horizon))
    assert wrong == 0
    assert widest < 1e-12


@pytest.mark.parametrize("horizon", [1, 7, 48, 200])
@pytest.mark.parametrize("halts", [False, True])
def test_equal_to_the_slow_reference(horizon, halts):
    table = rough_bars(1500, horizon, halts=halts)
    tried = rough_candidates(table, 2000, horizon + 1)

    found = label_candidates(table, tried, costs=PAID, horizon=horizon)

    wrong, widest = differences(found, slow_outcomes(table, tried, PAID, horizon))
    assert wrong == 0
    assert widest < 1e-12


@pytest.mark.parametrize("group", [1, 5, 100])
@pytest.mark.parametrize("horizon", [1, 8, 48, 63, 300])
def test_a_candidate_does_not_depend_on_its_neighbours(horizon, group):
    """In a group shared tables answer, alone the blocks: the same bits."""
    table = rough_bars(3000, 5, halts=False)
    tried = rough_candidates(table, 3000, 6, limits=False, group=group)

    found = label_candidates(table, tried, costs=PAID, horizon=horizon).frame()

    single = {name: values[::60] for name, values in tried.items()}
    assert found[::60].equals(label_candidates(table, single, costs=PAID, horizon=horizon).frame())


def by_kernel(table, tried, horizon, rules=FillRules(), costs=PAID, tick=None) -> pl.DataFrame:  # noqa: B008
    tape = prepare(table, tick=tick)
    batch = columns_of(tried, tape, costs)
    results = empty_results(len(batch.bar))
    kernel_runner(tape, batch, costs, horizon, rules)(results, (0, len(batch.bar)))
    named = dict(zip(FIGURES, results.figures, strict=True))
    return Outcomes(**named, exit_bar=results.exit_bar, codes=results.reason, rules="").frame()


@pytest.mark.parametrize("horizon", [1, 48])
@pytest.mark.parametrize("halts", [False, True])
def test_equal_to_the_portfolio_kernel(horizon, halts):
    table = rough_bars(3000, 5, halts=halts)
    tried = rough_candidates(table, 3000, 6)

    found = label_candidates(table, tried, costs=PAID, horizon=horizon).frame()

    assert_frame_equal(found, by_kernel(table, tried, horizon), rel_tol=1e-11, abs_tol=1e-11)


def test_equal_to_the_portfolio_kernel_with_tiers():
    tiers = (MarginTier(5e4, 0.004), MarginTier(2.5e5, 0.01, 300.0), MarginTier(np.inf, 0.05, 10_300.0))
    costs = Costs(0.0005, 0.0002, 0.0001, 0.0, 0.0125, tiers)
    table = rough_bars(2000, 8)
    tried = rough_candidates(table, 3000, 9) | {"notional": np.random.default_rng(1).uniform(1e3, 1e6, 3000)}
    tried["leverage"] = np.minimum(tried["leverage"], 50.0)  # above, a large position is liquidated at once

    found = label_candidates(table, tried, costs=costs, horizon=40).frame()

    assert_frame_equal(found, by_kernel(table, tried, 40, costs=costs), rel_tol=1e-10, abs_tol=1e-10)


def test_rules_without_meaning_for_one_trade_change_nothing():
    table, tried = rough_bars(500, 1), rough_candidates(rough_bars(500, 1), 500, 2)
    rules = FillRules(queued=Queued.AFTER_STOPS, stop_bar_signal=StopBarSignal.DROPPED)

    found = label_candidates(table, tried, costs=PAID, horizon=20, rules=rules)

    assert found.frame().equals(label_candidates(table, tried, costs=PAID, horizon=20).frame())
    assert found.rules == rules.hash


@pytest.mark.parametrize(
    ("rules", "changes", "reason", "price", "net"),
    [
        (FillRules(both=Both.TARGET_FIRST), {"stop": 0.05, "target": 0.05}, "target", 105.0, 0.05),
        (FillRules(timing=Timing.SIGNAL_CLOSE), {"stop": 0.1, "target": 0.1}, "stop", 90.9, -0.1),
        (FillRules(timing=Timing.NEXT_CLOSE, queued=Queued.AFTER_STOPS), {"stop": 0.05}, "horizon", 99.0, 99 / 101 - 1),
        (FillRules(entry_bar=EntryBar.NOT_WATCHED), {"stop": 0.05}, "horizon", 99.0, -0.01),
    ],
)
def test_other_rules(rules, changes, reason, price, net):
    table = bars((100.0, 101.5, 99.5, 101.0), (100.0, 106.0, 90.0, 101.0), (101.0, 102.0, 100.5, 99.0 + 1.5))
    table["close"][2], table["low"][2] = 99.0, 99.0
    plain = {"bar": [0], "side": [1], "stop": [np.nan], "target": [np.nan], "leverage": [1.0]}
    tried = plain | {name: [value] for name, value in changes.items()}

    found = label_candidates(table, tried, costs=FREE, horizon=2, rules=rules)

    assert (found.reason[0], found.exit_price[0], found.net_return[0]) == (
        reason,
        pytest.approx(price),
        pytest.approx(net),
    )


def test_liquidation_looks_at_the_mark_price_where_there_is_one():
    wick = bars(FLAT, FLAT, (95.0, 96.0, 89.0, 95.0), FLAT)

    assert one(wick, leverage=10.0, horizon=3).reason[0] == "liquidation"
    assert one(wick | {"mark": [100.0, 100.0, 94.0, 100.0]}, leverage=10.0, horizon=3).reason[0] == "horizon"
    low = {"mark_low": [100.0, 100.0, 90.0, 100.0], "mark_high": [100.0, 100.0, 96.0, 100.0]}
    found = one(wick | low, leverage=10.0, horizon=3)
    assert (found.reason[0], found.exit_price[0]) == ("liquidation", pytest.approx(90 / 0.995))


def test_ticks_make_a_level_on_the_grid_exact():
    """0.7 less a tenth is 0.63, which float64 puts a rounding below; the bar's low of 0.63 is the stop."""
    table = bars((0.7, 0.7, 0.7, 0.7), (0.7, 0.7, 0.69, 0.7), (0.7, 0.7, 0.63, 0.66))
    tried = {"bar": [0], "side": [1], "stop": [0.1], "target": [np.nan], "leverage": [1.0]}

    found = label_candidates(prepare(table, tick=0.01), tried, costs=FREE, horizon=2)

    assert (found.reason[0], found.exit_price[0], found.entry_price[0]) == ("stop", 0.63, 0.7)


def test_a_price_off_the_grid_is_refused():
    with pytest.raises(SchemaViolation):
        prepare(bars((0.705, 0.705, 0.705, 0.705)), tick=0.01)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"leverage": -1.0}, InvalidOption),
        ({"leverage": np.nan}, InvalidOption),
        ({"bar": 2}, InvalidOption),
        ({"bar": -1}, InvalidOption),
        ({"side": 0}, InvalidOption),
        ({"stop": -0.01}, InvalidOption),
        ({"target": -0.01}, InvalidOption),
        ({"bar": 0.5}, SchemaViolation),
        ({"horizon": 0}, InvalidOption),
    ],
)
def test_a_candidate_that_cannot_be_is_refused(changes, error):
    with pytest.raises(error):
        one(bars(FLAT, FLAT), **changes)


@pytest.mark.parametrize(
    ("table", "error"),
    [
        (bars(FLAT, (np.nan,) * 4), SchemaViolation),
        (bars(FLAT, (1.0, 2.0, 0.0, 1.0)), SchemaViolation),
        (bars(FLAT, (1.0, 2.0, -1.0, 1.0)), SchemaViolation),
        (bars(FLAT, (3.0, 2.0, 1.0, 1.0)), SchemaViolation),
        (bars(FLAT, FLAT, ts=[1, 1]), UnsortedData),
        (bars(FLAT, FLAT, funding_rate=[0.0, np.nan]), SchemaViolation),
        (bars(FLAT, FLAT, mark=[100.0, 0.0]), SchemaViolation),
        (bars(FLAT, FLAT, volume=[1.0]), SchemaViolation),
        ({"open": [1.0]}, SchemaViolation),
    ],
)
def test_bars_that_cannot_be_are_refused(table, error):
    with pytest.raises(error):
        one(table)


def test_costs_that_cannot_be_are_refused():
    with pytest.raises(InvalidOption):
        Costs(taker_fee=-0.1)


def test_each_row_is_done_once_whatever_the_shares():
    done = np.zeros(10, int)

    def work(first: int, last: int) -> None:
        done[first:last] += 1

    spread(work, 10, 3, None)

    assert done.tolist() == [1] * 10


def test_an_error_in_the_share_of_another_thread_is_raised():
    def work(first: int, last: int) -> None:
        if last == 10:
            raise InvalidOption(f"rows {first} to {last}", "none", "")

    with pytest.raises(InvalidOption, match="rows 5 to 10"):
        spread(work, 10, 2, None)
