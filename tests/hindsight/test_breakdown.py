"""Breakdowns, by hand."""

import polars as pl

from alphaloop.core.orders import Fill, Reason
from alphaloop.hindsight.breakdown import SCHEMA, breakdown
from alphaloop.hindsight.trades import round_trips


def trades() -> pl.DataFrame:
    fills = []
    for row, (out, reason) in enumerate([(110.0, Reason.TARGET), (95.0, Reason.STOP), (120.0, Reason.TARGET)]):
        fills.append(Fill("a", "X", 10 * row, 1.0, 100.0, Reason.MARKET, fee=1.0))
        fills.append(Fill("", "X", 10 * row + 5, -1.0, out, reason, fee=1.0, slippage=0.5))
    fills.append(Fill("", "Y", 0, 0.0, 1.0, Reason.FUNDING, funding=9.0))
    frame = round_trips(fills)
    return frame.with_columns(mae=pl.lit(0.1), mfe=pl.lit(0.2))


def test_each_group_has_its_figures_and_costs_alone_have_none():
    found = breakdown(trades(), "exit_reason")

    assert found.schema == pl.Schema(SCHEMA)
    assert found.select("group", "trades", "win_rate", "gross_pnl", "costs", "net_pnl").rows() == [
        ("target", 2, 1.0, 31.0, 5.0, 26.0),
        ("stop", 1, 0.0, -4.5, 2.5, -7.0),
    ]
    assert found["mean_return"].round(9).to_list() == [0.13, -0.07]


def test_words_beside_the_trades_group_them_too():
    found = trades()
    words = (found["exit_price"] >= 115).cast(pl.String)

    assert breakdown(found, words).select("group", "trades", "net_pnl").rows() == [("false", 2, 1.0), ("true", 1, 18.0)]


def test_no_trades_no_groups():
    assert breakdown(trades().clear(), "exit_reason").is_empty()
