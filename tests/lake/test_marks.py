"""Mark prices on a market's bars: of its venue, never of coarser candles, and only where all of a bar is known."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from alphaloop.core.time import MINUTE_US
from alphaloop.lake.bars import load_market
from alphaloop.lake.marks import load_marks
from tests.lake.builders import FIVE, NOW, REAL, bars, lake_with

NAN = float("nan")


def marks(timeframe: str, *rows: tuple[int, float, float], venue: str = "binance", kind: str = "mark") -> pl.DataFrame:
    """Candles (open time in minutes, low, high) of BTCUSDT."""
    named = {"venue": venue, "symbol": "BTCUSDT", "kind": kind, "timeframe": timeframe, **REAL}
    made = [
        {"event_time": minute * MINUTE_US, "open": low, "high": high, "low": low, "close": high, **named}
        for minute, low, high in rows
    ]
    return pl.DataFrame(made)


@pytest.fixture
def lake(tmp_path: Path):
    return lake_with(tmp_path, bars(0, 1, 2))


def laid(lake, *frames: pl.DataFrame):
    for frame in frames:
        lake.append("prices", frame, ingested_at=NOW)
    return load_marks(lake, load_market(lake, ["BTCUSDT"], "5m"))


def test_without_any_traded_prices_judge(lake):
    found = laid(lake)

    assert (found.words("BTCUSDT"), np.isnan(found.values).all()) == ("traded prices", True)


def test_candles_of_the_same_length(lake):
    found = laid(lake, marks("5m", (0, 99.5, 101.5), (10, 98.0, 102.0)))

    np.testing.assert_array_equal(found.values[:, 0], [[99.5, 101.5], [NAN, NAN], [98.0, 102.0]])
    assert found.words("BTCUSDT") == "mark price, 5m candles where known (66.7% of bars), else traded prices"


def test_finer_candles_are_joined_where_none_is_missing(lake):
    whole = [(minute, 100.0 - minute, 100.0 + minute) for minute in range(5)]
    found = laid(lake, marks("1m", *whole, *[(minute, 1.0, 2.0) for minute in (5, 6, 8, 9)]))

    np.testing.assert_array_equal(found.values[:, 0], [[96.0, 104.0], [NAN, NAN], [NAN, NAN]])
    assert found.timeframes == {"BTCUSDT": "1m"}


@pytest.mark.parametrize(
    "frame",
    [
        marks("1h", (0, 90.0, 110.0)),
        marks("5m", (0, 9.0, 11.0), venue="okx"),
        marks("5m", (0, 9.0, 11.0), kind="index"),
    ],
    ids=["coarser", "of another venue", "no mark price"],
)
def test_others_are_left_alone(lake, frame):
    assert laid(lake, frame).timeframes == {}


def test_all_bars_known(lake):
    found = laid(lake, marks("5m", *[(5 * bar, 99.0, 101.0) for bar in range(3)]))

    assert (found.words("BTCUSDT"), found.values.shape) == ("mark price, 5m candles", (3, 1, 2))
    assert found.values.flags.c_contiguous
    assert found.known["BTCUSDT"] == 1.0
    assert FIVE == 5 * MINUTE_US
