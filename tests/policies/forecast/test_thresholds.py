"""Gates fitted on earlier forecasts: by hand, by law, and never on what was not known yet."""

from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphaloop.core.errors import InvalidOption, LookaheadError, NoData, SchemaViolation
from alphaloop.policies.forecast.nested import nested, replayed
from alphaloop.policies.forecast.signals import Gate
from alphaloop.policies.forecast.thresholds import Past, Search, fit_gate, fit_signals, held_in_turn, opens

PLAIN = Search(fewest=2, pull=0.0)


def past(predicted, realised, cost=0.001, length=1, confidence=None):
    rows = len(predicted)
    return Past(
        predicted=np.array(predicted, dtype=float), realised=np.array(realised, dtype=float),
        cost=np.full(rows, cost), times=np.arange(rows), ends=np.arange(rows) + length,
        confidence=None if confidence is None else np.array(confidence, dtype=float),
    )  # fmt: skip


#                 entry 0.001: -0.004 + 0.001 + 0.004 + 0.003 = 0.004;  0.002: 0.008;  0.004: 0.007;  0.005: one trade
BY_HAND = past([0.001, -0.002, 0.004, -0.005], [-0.003, -0.002, 0.005, -0.004])


def test_the_entry_that_earned_most_after_cost():
    found = fit_gate(BY_HAND, PLAIN)

    assert (found.gate.entry, found.best, found.rows, found.trades) == (0.002, 0.002, 3, 3)
    assert found.net == pytest.approx(0.008)


def test_it_is_pulled_to_the_cost_by_how_few_trades_there_were():
    found = fit_gate(BY_HAND, Search(fewest=2, pull=4.0))

    # 4 trades in all, so one half: (0.002 + 0.001) / 2
    assert found.gate.entry == pytest.approx(0.0015)


def test_an_entry_that_left_too_few_trades_is_not_taken():
    rich = past([0.002, 0.002, 0.002, 0.009], [0.0011, 0.0011, -0.01, 0.05])

    assert fit_gate(rich, Search(fewest=1, pull=0.0)).gate.entry == 0.009
    assert fit_gate(rich, Search(fewest=2, pull=0.0)).gate.entry == 0.002


def test_trades_of_overlapping_labels_are_counted_one_after_the_other():
    slow = past([0.004] * 6, [0.005] * 6, length=3)

    assert fit_gate(slow, PLAIN).trades == 2
    assert fit_gate(slow, Search(fewest=3, pull=0.0)).gate.entry == inf


def test_what_never_earned_is_never_traded():
    found = fit_gate(past([0.004, -0.004, 0.005], [-0.01, 0.01, -0.01]), PLAIN)

    assert (found.gate.entry, found.trades, found.net) == (inf, 0, 0.0)
    assert not opens(BY_HAND, found.gate).any()


def test_forecasts_below_their_cost_are_no_entries():
    assert fit_gate(past([0.0005] * 8, [0.01] * 8), PLAIN).gate.entry == inf


def test_confidence_is_raised_where_the_unsure_lose():
    found = fit_gate(past([0.004] * 4, [0.005, 0.005, -0.003, -0.003], confidence=[60, 62, 51, 51]), PLAIN)

    assert (found.gate.confidence, found.rows, found.trades) == (52.5, 2, 2)
    assert found.net == pytest.approx(0.008)


def test_without_a_reason_confidence_stays_low():
    assert fit_gate(past([0.004] * 4, [0.005] * 4, confidence=[60, 62, 51, 51]), PLAIN).gate.confidence == 0.0


def test_a_gate_opens_by_entry_by_cost_and_by_confidence():
    rows = past([0.003, -0.003, 0.001, 0.003, 0.0], [0.0] * 5, cost=0.002, confidence=[60, 60, 60, 40, 60])

    assert opens(rows, Gate(0.0005, 50)).tolist() == [True, True, False, False, False]


def test_a_label_that_ends_after_the_use_begins_is_refused():
    with pytest.raises(LookaheadError, match="1 of 4 labels"):
        fit_gate(BY_HAND, PLAIN, use_from=3)
    assert fit_gate(BY_HAND, PLAIN, use_from=4).gate.entry == 0.002


def test_rows_without_forecast_or_result_do_not_count():
    holes = past([np.nan, 0.001, -0.002, 0.004, -0.005, 0.9], [9.0, -0.003, -0.002, 0.005, -0.004, np.nan])

    assert fit_gate(holes, PLAIN).gate == fit_gate(BY_HAND, PLAIN).gate


def test_nothing_to_learn_from():
    with pytest.raises(NoData):
        fit_gate(past([np.nan], [0.1]), PLAIN)
    signals, found = fit_signals({"1h": past([], []), "4h": BY_HAND}, PLAIN)
    assert (signals.gates["1h"].entry, signals.gates["4h"].entry, found["1h"].trades) == (inf, 0.002, 0)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"cost": np.full(3, 0.1)}, SchemaViolation),
        ({"times": np.array([3, 2, 1, 0])}, SchemaViolation),
        ({"ends": np.full(4, -1)}, SchemaViolation),
        ({"cost": np.full(4, np.nan)}, InvalidOption),
        ({"cost": np.full(4, -0.1)}, InvalidOption),
    ],
)
def test_rows_that_do_not_belong_together(change, error):
    rows = {name: getattr(BY_HAND, name) for name in ("predicted", "realised", "cost", "times", "ends")}
    with pytest.raises(error):
        Past(**{**rows, **change})


@pytest.mark.parametrize("given", [{"fewest": 0}, {"pull": -1.0}, {"entries": 1}, {"confidences": (60.0, 50.0)}])
def test_a_search_that_cannot_be(given):
    with pytest.raises(InvalidOption):
        Search(**given)


def test_each_block_is_traded_by_what_was_known_before_it():
    turns = past([0.004] * 12, [0.005] * 6 + [-0.005] * 6)

    steps = nested({"1h": turns}, (0, 4, 8, 12), PLAIN)
    done = replayed({"1h": turns}, steps)["1h"]

    assert [(one.start, one.rows["1h"]) for one in steps] == [(4, 4), (8, 8)]
    # after 4 rows all had paid 0.004; after 8, six had paid 0.004 and two lost 0.006: still above nothing
    assert [one.signals.gates["1h"].entry for one in steps] == [0.004, 0.004]
    # rows 4 and 5 earn 0.004 each, rows 6 to 11 lose 0.006 each
    assert (done.rows, done.trades) == (8, 8)
    assert done.net == pytest.approx(2 * 0.004 - 6 * 0.006)


def test_labels_that_reach_into_a_block_teach_it_nothing():
    slow = past([0.004] * 12, [0.005] * 12, length=3)

    assert [one.rows["1h"] for one in nested({"1h": slow}, (0, 6, 9, 12), PLAIN)] == [4, 7]


def test_blocks_in_another_order_are_refused():
    with pytest.raises(InvalidOption):
        nested({"1h": BY_HAND}, (0, 4, 2))


market = st.integers(3, 40).flatmap(
    lambda rows: st.tuples(
        st.lists(st.floats(-0.02, 0.02), min_size=rows, max_size=rows),
        st.lists(st.floats(-0.05, 0.05), min_size=rows, max_size=rows),
    )
)


@given(market, st.floats(0, 0.01), st.floats(0, 0.01), st.floats(0, 50))
def test_dearer_trading_never_lowers_an_entry(rows, one, other, pull):
    low, high = sorted((one, other))
    if not np.any(np.array(rows[0])):
        return
    search = Search(fewest=2, pull=pull)
    cheap, dear = (fit_gate(past(*rows, cost=cost), search).gate.entry for cost in (low, high))

    assert dear >= cheap - 1e-15


@given(market, st.floats(0, 0.01))
def test_a_gate_is_never_below_the_cost_and_never_lost_where_it_was_found(rows, cost):
    if not np.any(np.array(rows[0])):
        return
    found = fit_gate(past(*rows, cost=cost), PLAIN)

    assert found.gate.entry >= cost
    assert found.net >= 0.0


@given(market)
def test_the_other_sides_of_all_give_the_same_gate(rows):
    if not np.any(np.array(rows[0])):
        return
    mirrored = fit_gate(past([-x for x in rows[0]], [-x for x in rows[1]]), PLAIN)

    assert mirrored.gate == fit_gate(past(*rows), PLAIN).gate


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.integers(1, 5))
def test_trades_in_turn_never_overlap(passing, length):
    times = np.arange(len(passing))

    held = np.flatnonzero(held_in_turn(times, times + length, np.array(passing)))

    assert (np.diff(held) >= length).all()
    assert len(held) > 0 or not any(passing)
