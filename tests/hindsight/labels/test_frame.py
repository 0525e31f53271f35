"""The label table: names, intervals, nulls."""

import numpy as np
import polars as pl
import pytest

from alphaloop.core.errors import InvalidOption, SchemaViolation
from alphaloop.core.market import Instrument, Market
from alphaloop.core.time import MINUTE_US, Timeframe
from alphaloop.hindsight.labels.frame import LabelSpec, label_frame
from tests.hindsight.labels.builders import FREE, MISSING, flat, make_market


def walk(rows: int = 400, seed: int = 1) -> Market:
    close = 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.01, rows)))
    opens = np.append(100.0, close[:-1])
    values = np.stack([opens, np.maximum(opens, close), np.minimum(opens, close), close, close, 0 * close], axis=1)
    return Market(np.arange(rows) * MINUTE_US, ("X",), values[:, None], Timeframe(MINUTE_US))


def test_each_horizon_has_its_columns_and_the_row_its_interval():
    frame = label_frame(walk(), [FREE], LabelSpec(horizons=(5, 60), span=10))

    assert {"fwd_ret_5m", "est_cost_long_1h", "net_short_1h", "utility_5m", "class_1h", "barrier_1h"} < set(
        frame.columns
    )
    first = frame.row(100, named=True)
    assert (first["end_5m"] - first["start"]).total_seconds() == 300
    assert first["end"] == first["end_1h"]
    assert frame["end_1h"].null_count() == 60
    assert frame["fwd_ret_1h"].null_count() == 60


def test_a_missing_long_horizon_leaves_the_end_of_the_short_one():
    last = label_frame(walk(), [FREE], LabelSpec(horizons=(5, 60), span=10)).row(-6, named=True)

    assert last["fwd_ret_1h"] is None
    assert last["end"] == last["end_5m"]


def test_a_free_market_labels_what_it_did():
    market = walk()
    frame = label_frame(market, [FREE], LabelSpec(horizons=(5,), span=10))
    close, opens = market.column("close")[:, 0], market.column("open")[:, 0]

    expected = close[5:] / opens[1:-4] - 1
    assert frame["fwd_ret_5m"].drop_nulls().to_numpy() == pytest.approx(expected)
    assert frame["utility_5m"].drop_nulls().to_numpy() == pytest.approx(expected)
    assert frame["barrier_5m"].unique().sort().to_list() == [None, -1, 0, 1]


def test_by_bars_the_names_say_so():
    frame = label_frame(
        make_market(flat(1.0), MISSING, flat(1.0)), [FREE], LabelSpec(horizons=(1,), by="bars", width=0.1)
    )

    assert frame["barrier_1b"].to_list() == [0, None]  # the hole decides nothing and has no row
    assert frame["fwd_ret_1b"].to_list() == [0.0, None]


def test_symbols_stand_below_each_other():
    one = walk()
    both = Market(one.ts, ("X", "Y"), np.concatenate([one.values, one.values], axis=1), one.timeframe)

    frame = label_frame(both, [FREE, Instrument("Y", taker_fee=0.01, slippage=0.0)], LabelSpec(horizons=(5,), span=10))

    counted = frame.group_by("symbol", maintain_order=True).agg(pl.len(), pl.col("est_cost_long_5m").mean())
    assert counted["symbol"].to_list() == ["X", "Y"]
    assert counted["est_cost_long_5m"].to_list() == [pytest.approx(0, abs=1e-12), pytest.approx(0.02, rel=0.01)]


def test_what_cannot_be_is_refused():
    with pytest.raises(InvalidOption, match="horizons"):
        LabelSpec(horizons=(5, 5))
    with pytest.raises(SchemaViolation, match="other symbols"):
        label_frame(walk(), [Instrument("Y")])
