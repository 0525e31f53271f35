"""Every real file imports without a flag, and its counts are those of the data's README."""

import os
from pathlib import Path

import pytest

from alphaloop.core.time import instant_us
from alphaloop.lake.audit import audit
from alphaloop.lake.ingest import ImportReport, import_files
from alphaloop.lake.table import Lake

NOW = instant_us("2026-06-01")
FOLDER = Path(os.environ.get("ALPHALOOP_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
FILES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.parquet"))

# file -> table -> (file rows, read, written, duplicate, quarantined)
COUNTS: dict[str, dict[str, tuple[int, int, int, int, int]]] = {
    "bars/ENAUSDT_5m.parquet": {"market_bars": (25488, 25488, 25488, 0, 0)},
    "bars_spot/BNBUSDT_4h.parquet": {"market_bars": (397, 397, 397, 0, 0)},
    "bars_venues/BTC_1h.parquet": {"market_bars": (11076, 11076, 11076, 0, 0)},
    "mark/BTCUSDT_1h.parquet": {"prices": (50605, 50605, 50605, 0, 0)},
    "funding/BTCUSDT.parquet": {"funding_rates": (6638, 6638, 6638, 0, 0)},
    "funding_venues/HYPE.parquet": {"funding_rates": (23720, 23720, 23720, 0, 0)},
    "metrics/TRXUSDT_oi_4h.parquet": {"open_interest": (168, 168, 168, 0, 0)},
    "metrics/HYPE_oi_1h.parquet": {"open_interest": (3671, 3671, 3671, 0, 0)},
    "trades/BTCUSDT_perp_2024-08-08_trades.parquet": {"trades": (21313, 21313, 21313, 0, 0)},
    "trades/PEPEUSDT_spot_aggtrades_2024-10-27.parquet": {"trades": (57229, 57229, 57229, 0, 0)},
    "l2/BTC_top5_snapshots.parquet": {"orderbook_l2": (3497, 3497, 3497, 0, 0)},
    "l2/BTCUSD_15levels_1m_2021-04-17.parquet": {"orderbook_l2": (600, 600, 600, 0, 0)},
    "l2/BTCUSDT_perp_2024-08-08_depth.parquet": {"orderbook_l2": (445521, 6552, 6552, 0, 0)},
    "l2/BTCUSDT_spot_2024-08-08_bookticker.parquet": {"orderbook_l2": (73174, 73174, 73174, 0, 0)},
    "social/AAPL_tweets.parquet": {"social_posts": (20850, 20850, 20823, 27, 0)},
    "social/GOOG_tweets.parquet": {"social_posts": (7607, 7607, 7595, 12, 0)},
    "stocks_mag7/AAPL.parquet": {"market_bars": (2015, 2015, 2015, 0, 0)},
    "stocks_us30/DIS.parquet": {"market_bars": (2265, 2265, 2261, 0, 4)},
    "stocks_us30/MRK.parquet": {"market_bars": (2264, 2264, 2264, 0, 0)},
    "stocks_us30/CAT.parquet": {"market_bars": (2265, 2265, 2255, 0, 10)},
}


def bring(folder: Path, shared: Path, *names: str) -> tuple[Lake, list[ImportReport]]:
    """A lake of these shared files, and the reports."""
    lake = Lake(folder / "lake")
    return lake, import_files(lake, [shared / name for name in names], ingested_at=NOW)


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_counts_are_those_of_the_readme(tmp_path: Path, shared_data: Path, name: str) -> None:
    _, reports = bring(tmp_path, shared_data, name)

    found = {one.table: (one.file_rows, one.read, one.written, one.duplicate, one.quarantined) for one in reports}
    assert found == COUNTS[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_every_file_imports_and_every_row_is_accounted_for(tmp_path: Path, shared_data: Path, name: str) -> None:
    lake, reports = bring(tmp_path, shared_data, name)
    again = import_files(lake, [shared_data / name], ingested_at=NOW)

    assert [one.error for one in reports] == [None] * len(reports)
    assert all(one.read == one.written + one.duplicate + one.quarantined > 0 for one in reports)
    assert {one.table: lake.read(one.table).height for one in reports} == {one.table: one.written for one in reports}
    assert [one.written for one in again] == [0] * len(reports)
    assert [one.quarantined for one in again] == [one.quarantined for one in reports]


@pytest.mark.parametrize(
    ("name", "holes"),
    [
        ("bars/ENAUSDT_5m.parquet", 0),
        ("bars/AVAXUSDT_5m.parquet", 1),
        ("bars/FILUSDT_1m.parquet", 3),
        ("bars_spot/BTCUSDT_1h.parquet", 27),
        ("funding/SOLUSDT.parquet", 1),
        ("funding/ALGOUSDT.parquet", 2),
    ],
)
def test_holes_are_those_of_the_readme(tmp_path: Path, shared_data: Path, name: str, holes: int) -> None:
    lake, _ = bring(tmp_path, shared_data, name)
    (row,) = audit(lake)

    assert (row.gaps, row.duplicates) == (holes, 0)


def test_nothing_is_known_before_it_was(tmp_path: Path, shared_data: Path) -> None:
    lake, _ = bring(tmp_path, shared_data, "onchain/BTC_1d.parquet", "news/crypto_news.parquet")

    day = instant_us("2025-09-29")
    figures = lake.read("onchain_signals", start=day, as_of=day + 26 * 3_600_000_000)
    assert figures.height == 0
    news = lake.read("events")
    dated = news.filter(news["precision"] == "day")
    assert dated.height == 3784 - 7  # rows dated to a day, less those said twice
    assert (dated["available_at"] - dated["event_time"]).dt.total_hours().unique().to_list() == [24]


def test_two_ways_to_adjust_a_stock_stay_apart(tmp_path: Path, shared_data: Path) -> None:
    lake, _ = bring(tmp_path, shared_data, "stocks_us30/AAPL.parquet", "stocks_mag7/AAPL.parquet")

    assert lake.read("market_bars", columns=["venue"]).to_series().value_counts().sort("venue").rows() == [
        ("stocks-mag7", 2015),
        ("stocks-us30", 2263),
    ]
