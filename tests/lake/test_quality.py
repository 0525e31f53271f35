"""Rows that cannot be facts are told apart, each with its reasons; shapes that are wrong raise."""

from typing import Any

import polars as pl
import pytest

from alphaloop.core.errors import SchemaViolation
from alphaloop.lake.columns import TIME
from alphaloop.lake.quality import conform, inspect
from alphaloop.lake.schema import TABLES
from tests.lake.builders import FIVE, NOW, bar, bars, funding, signals, snapshot

NAN, INFINITE = float("nan"), float("inf")
BARS = TABLES["market_bars"]


def reasons(frame: pl.DataFrame, table: str = "market_bars") -> list[str]:
    return inspect(conform(frame, TABLES[table], NOW), TABLES[table])[1]["reason"].to_list()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"high": 98.0}, "high below low; high below open or close"),
        ({"high": 100.5}, "high below open or close"),
        ({"low": 100.5}, "low above open or close"),
        ({"volume": -1.0}, "volume is negative"),
        ({"close": NAN}, "close is NaN"),
        ({"high": INFINITE}, "high is infinite"),
        ({"low": 0.0}, "low is zero or negative"),
        ({"open": None}, "open is null"),
        ({"volume": None}, "volume is null"),
        ({"symbol": None}, "symbol is null"),
        ({"symbol": ""}, "symbol is empty"),
        ({"event_time": None}, "event_time is null"),
        ({"available_at": -1}, "available_at before event_time; available_at before the bar closed"),
        ({"available_at": FIVE - 1}, "available_at before the bar closed"),
        ({"taker_buy_volume": 7.1}, "taker_buy_volume above volume"),
        ({"quote_volume": 10.0, "taker_buy_quote_volume": 11.0}, "taker_buy_quote_volume above quote_volume"),
        ({"trades": -1}, "trades is negative"),
        ({"timeframe": "five"}, "timeframe is not understood"),
        ({"source": None}, "source is null"),
        (
            {"event_time": NOW * 1000, "available_at": NOW * 1001},
            "event_time after the year 2200, as of a wrong unit; available_at after the year 2200, as of a wrong unit",
        ),
    ],
)
def test_a_wrong_bar_is_set_aside_with_its_reason(changes: dict[str, Any], reason: str) -> None:
    frame = pl.DataFrame([bar(0, **changes), bar(1)], infer_schema_length=None)
    good, bad = inspect(conform(frame, BARS, NOW), BARS)

    assert (good["event_time"].to_physical().to_list(), bad["reason"].to_list()) == ([FIVE], [reason])


def test_what_is_allowed_stays() -> None:
    frame = pl.DataFrame(
        [bar(0, volume=0.0), bar(1, taker_buy_volume=7.0), bar(2, open=101.0, high=101.0, low=101.0)],
        infer_schema_length=None,
    )

    assert reasons(frame) == []


@pytest.mark.parametrize(
    ("table", "frame", "reason"),
    [
        ("funding_rates", funding(8, rate=NAN), "rate is NaN"),
        ("funding_rates", funding(8, interval=0.0), "interval_hours is zero or negative"),
        ("onchain_signals", signals([0], value=INFINITE), "value is infinite"),
        ("onchain_signals", signals([5], available_at=4), "available_at before event_time"),
        ("orderbook_l2", pl.DataFrame([snapshot(0, bid_qty=[1.0])]), "bid_price and bid_qty of different length"),
        (
            "orderbook_l2",
            pl.DataFrame([snapshot(0, ask_qty=[1.0, -1.0])]),
            "ask_qty holds a negative or non-finite level",
        ),
        (
            "orderbook_l2",
            pl.DataFrame([snapshot(0, ask_price=[1.0, NAN])]),
            "ask_price holds a negative or non-finite level",
        ),
    ],
)
def test_other_tables_have_their_rules(table: str, frame: pl.DataFrame, reason: str) -> None:
    assert reasons(frame, table) == [reason]


def test_negative_funding_and_flow_are_facts() -> None:
    assert reasons(funding(8, rate=-0.01), "funding_rates") == []
    assert reasons(signals([0], value=-5.0), "onchain_signals") == []


def test_a_frame_is_brought_to_its_declared_shape() -> None:
    frame = (
        bars(0)
        .drop("available_at")
        .with_columns(
            event_time=pl.col("event_time").cast(pl.Datetime("us", "UTC")).dt.cast_time_unit("ms"),
            volume=pl.lit(7, pl.Int32),
            symbol=pl.col("symbol").cast(pl.Categorical),
        )
    )
    shaped = conform(frame, BARS, NOW)

    assert shaped.columns == list(BARS.names)
    assert shaped["available_at"].to_physical().to_list() == [FIVE]
    assert (shaped["ingested_at"].dtype, shaped["ingested_at"].to_physical().item()) == (TIME, NOW)
    assert (shaped["volume"].dtype, shaped["quote_volume"].to_list()) == (pl.Float64, [None])


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (bars(0).with_columns(vwap=1.0), "unknown column vwap"),
        (bars(0).drop("close", "low"), "without column low, close"),
        (bars(0).drop("is_synthetic"), "without column is_synthetic"),
        (bars(0).with_columns(close=pl.lit("101")), "market_bars.close of type String"),
        (bars(0).with_columns(event_time=pl.lit("1970-01-01").str.to_datetime()), "event_time of type Datetime"),
        (bars(0).with_columns(trades=1.5), "market_bars.trades of type Float64"),
    ],
)
def test_wrong_columns_and_types_raise(frame: pl.DataFrame, message: str) -> None:
    with pytest.raises(SchemaViolation, match=message):
        conform(frame, BARS, NOW)


def test_an_empty_frame_has_no_bad_rows() -> None:
    good, bad = inspect(BARS.empty(), BARS)

    assert (good.height, bad.height, bad.columns[-1]) == (0, 0, "reason")
