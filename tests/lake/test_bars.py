"""Markets from the lake: aligned, unfilled, with funding where it is paid."""

from pathlib import Path

import numpy as np
import pytest

from alphaloop.core.errors import NoData
from alphaloop.core.market import CLOSE, FUNDING
from alphaloop.core.time import HOUR_US, MINUTE_US
from alphaloop.lake.bars import load_market
from alphaloop.lake.table import Lake
from tests.lake.builders import FIVE, NOW, bars, funding, lake_with

NAN = float("nan")


def test_a_symbol_that_starts_late_or_ends_early_is_nan_outside(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(0, 1, 2), bars(2, 3, 5, symbol="ETHUSDT", close=99.5))
    market = load_market(lake, ["ETHUSDT", "BTCUSDT"], "5m")

    assert (market.symbols, market.ts.tolist()) == (("ETHUSDT", "BTCUSDT"), [i * FIVE for i in (0, 1, 2, 3, 5)])
    expected = [[NAN, 101.0], [NAN, 101.0], [99.5, 101.0], [99.5, NAN], [99.5, NAN]]
    np.testing.assert_array_equal(market.values[:, :, CLOSE], expected)
    np.testing.assert_array_equal(market.values[0], [[NAN] * 6, [100.0, 102.0, 99.0, 101.0, 7.0, 0.0]])


def test_a_window_is_half_open(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(0, 1, 2, 3))

    assert load_market(lake, ["BTCUSDT"], "5m", start=FIVE, end=3 * FIVE).ts.tolist() == [FIVE, 2 * FIVE]


def test_funding_is_paid_at_the_first_open_at_or_after_its_minute(tmp_path: Path) -> None:
    """Settled at 20 ms past bar 1, at minute 7 and 9 (both bar 2), and in the hole before bar 6."""
    lake = lake_with(tmp_path, bars(0, 1, 2, 3, 6))
    minutes = [-6, -4, 5 + 0.02 / 60, 7, 9, 22, 31]
    for i, minute in enumerate(minutes):
        lake.append("funding_rates", funding(minute / 60, rate=10.0**-i), ingested_at=NOW)
    market = load_market(lake, ["BTCUSDT"], "5m")

    np.testing.assert_allclose(market.values[:, 0, FUNDING], [1e-1, 1e-2, 1e-3 + 1e-4, 0.0, 1e-5], rtol=1e-12)


def test_funding_belongs_to_its_symbol_and_venue(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(0, 1), bars(0, 1, symbol="ETHUSDT"))
    lake.append("funding_rates", funding(0, venue="okx"), ingested_at=NOW)
    lake.append("funding_rates", funding(0, symbol="ETHUSDT"), ingested_at=NOW)
    market = load_market(lake, ["BTCUSDT", "ETHUSDT"], "5m")

    np.testing.assert_array_equal(market.values[:, :, FUNDING], [[0.0, 1e-4], [0.0, 0.0]])


def test_perpetuals_are_preferred_and_the_choice_is_told(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, *(bars(0, venue=venue) for venue in ("binance-spot", "okx", "binance")))
    lake.append("market_bars", bars(0, symbol="ETHUSDT", venue="local"), ingested_at=NOW)

    assert load_market(lake, ["BTCUSDT", "ETHUSDT"], "5m").sources == {"BTCUSDT": "binance", "ETHUSDT": "local"}
    assert load_market(lake, ["BTCUSDT"], "5m", venue="binance-spot").sources == {"BTCUSDT": "binance-spot"}


@pytest.mark.parametrize(
    ("symbols", "options", "message"),
    [
        (["BTCUSDT", "XRPUSDT"], {}, "no 5m bars of XRPUSDT; expected one of: BTCUSDT 5m on binance 1970-01-01"),
        (["BTCUSDT"], {"venue": "okx"}, "no 5m bars of BTCUSDT on okx"),
        (["BTCUSDT"], {"start": HOUR_US}, r"of BTCUSDT in \[1970-01-01T01:00:00Z, \.\.\.\)"),
        ([], {}, "no symbol"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(tmp_path: Path, symbols, options, message: str) -> None:
    with pytest.raises(NoData, match=message):
        load_market(lake_with(tmp_path, bars(0, 1)), symbols, "5m", **options)


def test_an_empty_lake_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoData, match="expected a lake with bars"):
        load_market(Lake(tmp_path), ["BTCUSDT"], "5m")


def test_timeframes_are_kept_apart(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(0, 1), bars(0, timeframe="1m"))
    market = load_market(lake, ["BTCUSDT"], "1m")

    assert (len(market), market.timeframe.us) == (1, MINUTE_US)


def test_a_market_can_be_loaded_as_it_was(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(0, 1))
    lake.append("funding_rates", funding(0), ingested_at=NOW)
    pinned = lake.versions()
    before = load_market(lake, ["BTCUSDT"], "5m")
    bare = load_market(lake, ["BTCUSDT"], "5m", versions={"market_bars": 0})
    assert before.values[:, 0, FUNDING].tolist() == [1e-4, 0.0]
    assert bare.values[:, 0, FUNDING].tolist() == [0.0, 0.0]
    lake.upsert("market_bars", bars(1, 2, close=100.5), ingested_at=NOW)
    lake.append("funding_rates", funding(5 / 60), ingested_at=NOW)

    assert load_market(lake, ["BTCUSDT"], "5m", versions=pinned).digest == before.digest
    assert load_market(lake, ["BTCUSDT"], "5m").values[:, 0, CLOSE].tolist() == [101.0, 100.5, 100.5]
