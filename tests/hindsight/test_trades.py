"""Round trips by hand, and the law that they sum to the change in equity."""

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.core.account import Account
from alphaloop.core.errors import NoData
from alphaloop.core.orders import Fill, Reason
from alphaloop.core.time import HOUR_US
from alphaloop.hindsight.trades import SCHEMA, round_trips


def fill(quantity: float, price: float, hour: int = 0, symbol: str = "X", **costs: float) -> Fill:
    reason = Reason.MARKET if quantity else Reason.FUNDING
    return Fill(f"{hour}", symbol, hour * HOUR_US, quantity, price, reason, **costs)


def row(frame: pl.DataFrame, index: int = 0) -> dict[str, object]:
    return frame.row(index, named=True)


def test_one_long_trade():
    fills = [fill(2, 100, 1, fee=0.2, slippage=0.1), fill(0, 100, 2, funding=0.3), fill(-2, 110, 5, fee=0.22)]
    got = row(round_trips(fills))
    assert (got["side"], got["quantity"], got["entry_price"], got["exit_price"]) == (1, 2.0, 100.0, 110.0)
    assert got["gross_pnl"] == pytest.approx(20.1)
    assert got["net_pnl"] == pytest.approx(20.0 - 0.42 - 0.3)
    assert got["return"] == pytest.approx((20.0 - 0.42 - 0.3) / 200.0)
    assert (got["holding_hours"], got["open"], got["exit_reason"]) == (4.0, False, "market")


def test_short_with_partial_closes_is_one_trade_or_two_exits():
    fills = [fill(-4, 50, 0, fee=4.0), fill(1, 40, 1, fee=1.0), fill(3, 60, 2, fee=3.0)]
    got = row(round_trips(fills))
    assert (got["side"], got["quantity"], got["exit_price"]) == (-1, 4.0, 55.0)
    assert (got["gross_pnl"], got["fees"], got["net_pnl"]) == (-20.0, 8.0, -28.0)
    exits = round_trips(fills, by="exit")
    assert exits["gross_pnl"].to_list() == [10.0, -30.0]
    assert exits["fees"].to_list() == [2.0, 6.0]
    assert exits["trade"].to_list() == [0, 0]


def test_average_cost_after_adding():
    got = row(round_trips([fill(1, 100), fill(3, 120, 1), fill(-4, 130, 2)]))
    assert (got["entry_price"], got["quantity"], got["gross_pnl"]) == (115.0, 4.0, 60.0)


def test_flip_through_zero_splits_the_fill():
    fills = [fill(1, 100), fill(-3, 110, 1, fee=3.0), fill(2, 90, 2)]
    got = round_trips(fills)
    assert got["side"].to_list() == [1, -1]
    assert got["gross_pnl"].to_list() == [10.0, 40.0]
    assert got["fees"].to_list() == [1.0, 2.0]


def test_open_trade_is_valued_at_its_mark_and_flagged():
    fills = [fill(2, 100, 0, fee=1.0), fill(-1, 120, 1), fill(0, 100, 2, funding=-0.5)]
    got = row(round_trips(fills, {"X": 130.0}, end_us=10 * HOUR_US))
    assert (got["open"], got["exit_time"], got["exit_reason"], got["exit_price"]) == (True, None, "open", 125.0)
    assert (got["gross_pnl"], got["net_pnl"], got["holding_hours"]) == (50.0, 49.5, 10.0)


def test_an_open_trade_without_a_mark_is_refused():
    with pytest.raises(NoData, match="open position in X"):
        round_trips([fill(1, 100)])


def test_a_late_cost_belongs_to_the_last_trade_of_its_symbol():
    fills = [fill(1, 100), fill(-1, 100, 1), fill(1, 5, 1, symbol="Y"), fill(0, 100, 2, funding=0.7)]
    got = round_trips(fills, {"Y": 5.0})
    assert got.select("symbol", "funding").rows() == [("X", 0.7), ("Y", 0.0)]


def test_a_cost_without_any_trade_keeps_a_row():
    got = row(round_trips([fill(0, 100, 2, funding=0.7)]))
    assert (got["side"], got["quantity"], got["net_pnl"], got["return"]) == (0, 0.0, -0.7, 0.0)


def test_adding_floats_leaves_no_phantom_trade():
    got = round_trips([fill(0.1, 100), fill(0.2, 100, 1), fill(-0.3, 100, 2), fill(1, 50, 3), fill(-1, 50, 4)])
    assert got["quantity"].to_list() == pytest.approx([0.3, 1.0])
    assert got["open"].to_list() == [False, False]


def test_liquidation_shortfall_is_credited():
    fills = [fill(1, 100), Fill("l", "X", HOUR_US, -1, 80, Reason.LIQUIDATION, fee=1.0, shortfall=11.0)]
    got = row(round_trips(fills))
    assert (got["net_pnl"], got["exit_reason"]) == (-10.0, "liquidation")


def test_no_fills_is_an_empty_frame_with_all_columns():
    for by in ("position", "exit"):
        got = round_trips([], by=by)
        assert (len(got), got.columns) == (0, list(SCHEMA))


cents = st.integers(-200, 400).map(lambda n: n / 100)
fills_of_any_kind = st.lists(
    st.builds(
        lambda symbol, lots, price, costs, trade: Fill(
            "id", symbol, 0, lots / 8 if trade else 0.0, price / 100, Reason.MARKET, *costs
        ),
        st.sampled_from(["A", "B", "C"]),
        st.integers(-40, 40),
        st.integers(1, 100_000),
        st.tuples(cents, cents, cents, cents),
        st.integers(0, 3),
    ),
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@given(fills=fills_of_any_kind, mark=st.integers(1, 100_000).map(lambda n: n / 100))
@pytest.mark.parametrize("by", ["position", "exit"])
def test_trades_sum_to_the_change_in_equity(fills, mark, by):
    marks = dict.fromkeys("ABC", mark)
    account = Account(cash=Decimal(1000))
    for one in fills:
        account = account.apply(one)
    change = float(account.equity(marks) - 1000)
    trades = round_trips(fills, marks, by=by)
    assert trades["net_pnl"].sum() == pytest.approx(change, rel=1e-12, abs=1e-9)
    assert trades["fees"].sum() == pytest.approx(float(account.fees), abs=1e-9)
    assert trades["slippage"].sum() == pytest.approx(float(account.slippage), abs=1e-9)
    assert trades["funding"].sum() == pytest.approx(float(account.funding), abs=1e-9)
    parts = trades["gross_pnl"] - trades["fees"] - trades["slippage"] - trades["funding"] + trades["shortfall"]
    assert parts.to_list() == pytest.approx(trades["net_pnl"].to_list(), abs=1e-9)
