"""On real bars: TA-Lib's numbers, and a view that hands out what the matrix holds."""

from decimal import Decimal

import numpy as np
import polars as pl
import pytest
import talib

from alphaloop.core.account import Account
from alphaloop.core.market import Market
from alphaloop.features.contract import Schema
from alphaloop.features.matrix import compute_arrays
from alphaloop.features.view import MarketView
from tests.features.builders import FIVE

ROWS = 20_000
SCHEMA = Schema(["rsi_14", "macd_signal", "atr_14", "ema_55", "bb_upper", "donchian_low_20", "sma_200", "vol_z"])


@pytest.fixture(scope="module")
def bitcoin(shared_data):
    frame = pl.read_parquet(next(iter(sorted((shared_data / "bars").glob("*BTCUSDT*5m*")))))
    frame = frame.sort("ts").unique("ts", keep="first", maintain_order=True).tail(ROWS)
    columns = [frame[name].cast(pl.Float64).to_numpy() for name in ("open", "high", "low", "close", "volume")]
    values = np.stack([*columns, np.zeros(len(frame))], axis=1)[:, None]
    ts = frame["ts"].dt.timestamp("us").to_numpy().copy()
    return Market(ts, ("BTCUSDT",), values, FIVE)


def test_equal_to_talib_on_real_bars(bitcoin):
    values, _ = compute_arrays(bitcoin, SCHEMA)
    high, low, close = (np.ascontiguousarray(bitcoin.column(name)[:, 0]) for name in ("high", "low", "close"))

    got = dict(zip(SCHEMA.names, values[:, 0].T, strict=True))

    expected = {
        "rsi_14": talib.RSI(close, 14),
        "macd_signal": talib.MACD(close)[1],
        "atr_14": talib.ATR(high, low, close, 14),
        "ema_55": talib.EMA(close, 55),
        "bb_upper": talib.BBANDS(close, 20, 2, 2)[0],
        "donchian_low_20": talib.MIN(low, 20),
        "sma_200": talib.SMA(close, 200),
    }
    assert len(close) == ROWS
    for name, peer in expected.items():
        floor = 1e-9 * float(np.nanmedian(np.abs(peer)))
        np.testing.assert_allclose(got[name], peer, rtol=1e-9, atol=floor, err_msg=name)


def test_the_view_walks_real_bars(bitcoin):
    values, mask = compute_arrays(bitcoin, SCHEMA)
    view, account = MarketView(bitcoin, SCHEMA), Account(Decimal(1)).view(("BTCUSDT",), {}, 0.0)

    for row in range(0, ROWS, 997):
        seen = view.observe(int(bitcoin.ts[row]) + FIVE.us, account)
        assert np.array_equal(seen.values, values[row], equal_nan=True)
        assert np.array_equal(seen.mask, mask[row])
