"""One symbol from lake tables: order, venues, names, and rows that do not depend on where one starts."""

import numpy as np
import polars as pl
import pytest

from alphaloop.core.errors import NoData, UnsortedData
from alphaloop.core.time import DAY_US, HOUR_US
from alphaloop.features.contract import SOURCES, Schema, full
from alphaloop.features.matrix import compute, compute_arrays
from alphaloop.features.symbol import between, columns, gather, names_in
from alphaloop.lake.sources.simulated import SimulatedMarket, simulate
from tests.features.builders import ALL, FIVE, bars_frame, market, tape

SYMBOLS = ("BTCUSDT", "ETHUSDT")


@pytest.fixture(scope="module")
def frames():
    """Ten days of everything the simulated market has."""
    return simulate(SimulatedMarket(symbols=SYMBOLS, days=10))


def test_the_features_of_bars_are_those_of_a_market():
    rng = np.random.default_rng(0)
    closes = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, 90)))
    frame = bars_frame(closes).filter(pl.Series(rng.random(90) > 0.1))
    source = market(tape(closes))
    kept = frame["event_time"].to_physical().to_numpy() // FIVE.us
    values = np.full((90, 1, 6), np.nan)
    values[kept] = source.values[kept]

    got, mask = columns(gather({"market_bars": frame}, "A", FIVE), Schema(ALL))
    batch, known = compute_arrays(type(source)(source.ts, source.symbols, values, FIVE), Schema(ALL))

    assert np.array_equal(got.T, batch[kept, 0], equal_nan=True)
    assert np.array_equal(mask.T, known[kept, 0])


def test_memory_begins_anew_after_a_long_hole():
    frame = pl.concat([bars_frame([1.0, 2.0]), bars_frame([3.0, 6.0], start=8 * DAY_US)])

    values, _ = columns(gather({"market_bars": frame}, "A", FIVE), Schema(["ret_1"]))

    np.testing.assert_array_equal(values[0], [np.nan, 1.0, np.nan, 1.0])


@pytest.mark.parametrize("first", [1, 700, 2000, 2879])
def test_the_last_rows_alone_have_the_bits_they_have_in_the_whole(frames, first):
    schema = full()
    own = gather(frames, "BTCUSDT", FIVE, sources=schema.sources)
    assert len(own) == 2880

    whole, known = columns(own, schema)
    part, mask = columns(own, schema, first)

    np.testing.assert_array_equal(part, whole[:, first:])
    np.testing.assert_array_equal(mask, known[:, first:])


def test_a_symbol_without_other_sources_is_masked_there():
    values, mask = columns(gather({"market_bars": bars_frame([1.0, 2.0])}, "A", FIVE, sources=SOURCES), full())
    funding = full().names.index("funding_rate")

    assert not mask[funding].any()
    assert np.isnan(values[funding]).all()


def test_compute_keeps_the_order_of_symbols(frames):
    made = compute(frames, symbols=SYMBOLS[::-1], timeframe="5m", schema=Schema(["ret_1", "funding_rate"]))

    assert made["symbol"].unique(maintain_order=True).to_list() == list(SYMBOLS[::-1])
    assert made["is_synthetic"].all()
    assert made["m_funding_rate"].any()


def test_the_preferred_venue_is_taken():
    both = pl.concat([bars_frame([1.0, 2.0], venue="binance-spot"), bars_frame([3.0], venue="binance")])

    assert gather({"market_bars": both}, "A", FIVE).venue == "binance"
    assert len(gather({"market_bars": both}, "A", FIVE, venue="binance-spot")) == 2


@pytest.mark.parametrize(("symbol", "venue"), [("B", None), ("A", "nowhere")])
def test_no_bars(symbol, venue):
    with pytest.raises(NoData, match=f"no 5m bars of {symbol}"):
        gather({"market_bars": bars_frame([1.0])}, symbol, FIVE, venue=venue)


def test_a_bar_known_before_an_earlier_one_is_refused():
    frame = bars_frame([1.0, 2.0, 3.0])
    late = pl.when(pl.int_range(pl.len()) == 1).then(pl.col("available_at") + HOUR_US * pl.duration(microseconds=1))
    frame = frame.with_columns(available_at=late.otherwise("available_at"))

    with pytest.raises(UnsortedData, match="known before"):
        gather({"market_bars": frame}, "A", FIVE)


def test_funding_is_paid_by_the_bar_that_opens_with_it():
    rates = pl.DataFrame({"symbol": ["A", "A"], "venue": ["local", "other"], "rate": [1e-4, 9.0]})
    times = pl.Series([FIVE.us + 7, FIVE.us]).cast(pl.Datetime("us", "UTC"))
    rates = rates.with_columns(event_time=times, available_at=times, source=pl.lit("test"), interval_hours=8.0)
    rates = rates.with_columns(is_synthetic=False, is_derived=False)

    own = gather({"market_bars": bars_frame([1.0, 2.0, 3.0]), "funding_rates": rates}, "A", FIVE)

    assert own.bars[5].tolist() == [0.0, 1e-4, 0.0]


def test_rows_between_two_instants():
    frame = bars_frame([1.0, 2.0, 3.0])

    assert between(frame, FIVE.us, 2 * FIVE.us)["close"].to_list() == [1.0, 2.0]
    assert between(frame, FIVE.us + 1, 2 * FIVE.us - 1).is_empty()


def test_a_symbol_goes_by_its_coin_and_by_none():
    assert names_in("BTCUSDT") == ("BTCUSDT", "BTC", "MARKET")
