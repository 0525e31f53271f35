"""The audit counts what a hand would count, on small series and on the real files."""

import json
import re
from pathlib import Path

import polars as pl
import pytest
from deltalake import write_deltalake

from alphaloop.core.errors import UnknownName
from alphaloop.core.time import DAY_US, HOUR_US, instant_us
from alphaloop.lake.audit import AuditRow, audit, readiness
from alphaloop.lake.table import Lake
from tests.lake.builders import FIVE, NOW, REAL, bars, funding, lake_with, real_bars, signals, snapshot


def only(rows: list[AuditRow]) -> AuditRow:
    assert len(rows) == 1, rows
    return rows[0]


def test_one_series_counted_by_hand(tmp_path: Path) -> None:
    """Bars 0 1 2, 5, 9 of which 1 is derived and 5 is simulated; two holes, of 2 and 3 buckets."""
    lake = lake_with(tmp_path, bars(0, 2, 9), bars(1, is_derived=True), bars(5, is_synthetic=True), bars(3, high=1.0))
    row = only(audit(lake))

    assert (row.table, row.venue, row.symbol, row.timeframe) == ("market_bars", "binance", "BTCUSDT", "5m")
    assert (row.start, row.end, row.first, row.last) == (0, 10 * FIVE, 0, 9 * FIVE)
    assert (row.expected, row.present, row.real, row.derived, row.synthetic) == (10, 5, 3, 1, 1)
    assert (row.gaps, row.gap_buckets, row.largest_gap_buckets, row.coverage) == (2, 5, 3, 0.5)
    assert (row.duplicates, row.quarantined, row.late, row.sources) == (0, 1, 0, ("test",))
    assert row.picture == (1, 1, 1, 0, 0, 1, 0, 0, 0, 1)


def test_a_window_counts_what_lies_before_the_first_and_after_the_last_row(tmp_path: Path) -> None:
    row = only(audit(lake_with(tmp_path, bars(2, 3, 5)), start=0, end=8 * FIVE))

    assert (row.expected, row.present, row.gaps, row.gap_buckets) == (8, 3, 3, 5)
    assert [(hole.after // FIVE, hole.before // FIVE, hole.buckets) for hole in row.holes] == [
        (0, 2, 2), (5, 8, 2), (3, 5, 1),
    ]  # fmt: skip


def test_a_series_outside_the_window_is_there_with_nothing_present(tmp_path: Path) -> None:
    row = only(audit(lake_with(tmp_path, bars(0, 1)), start=DAY_US, end=2 * DAY_US))

    assert (row.expected, row.present, row.coverage, row.gaps, row.gap_buckets) == (288, 0, 0.0, 1, 288)


def test_symbols_asked_for_and_absent_are_shown(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(0))
    rows = audit(lake, symbols=["BTCUSDT", "XRPUSDT"], tables=["market_bars", "funding_rates", "events"])

    assert [(row.table, row.symbol, row.present) for row in rows] == [
        ("market_bars", "BTCUSDT", 1),
        ("market_bars", "XRPUSDT", 0),
        ("funding_rates", "BTCUSDT", 0),
        ("funding_rates", "XRPUSDT", 0),
    ]


def test_a_row_known_more_than_a_bucket_after_its_close_is_late(tmp_path: Path) -> None:
    frames = [bars(i, available_at=(i + 1) * FIVE + delay) for i, delay in enumerate((0, FIVE, FIVE + 1))]

    assert only(audit(lake_with(tmp_path, *frames))).late == 1


def test_rows_written_past_the_lake_are_counted_as_duplicates(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(0, 1))
    write_deltalake(str(tmp_path / "market_bars"), lake.read("market_bars"), mode="append", partition_by=["symbol"])
    row = only(audit(lake))

    assert (row.rows, row.present, row.real, row.duplicates, row.expected) == (4, 2, 2, 2, 2)


@pytest.mark.parametrize("hours", [8.0, 4.0, 1.0])
def test_funding_keeps_its_own_interval_and_may_jitter(tmp_path: Path, hours: float) -> None:
    late = 25 / 3_600_000
    times = [0, hours + late, 2 * hours, 5 * hours + late]
    row = only(audit(lake_with(tmp_path, funding(*times, interval=hours), table="funding_rates")))

    assert (row.expected, row.present, row.gaps, row.gap_buckets) == (6, 4, 1, 2)


def test_the_cadence_of_figures_is_their_usual_step(tmp_path: Path) -> None:
    daily = signals([0, DAY_US, 2 * DAY_US, 5 * DAY_US], "flow")
    hourly = signals([0, HOUR_US, 2 * HOUR_US], "supply")
    rows = audit(lake_with(tmp_path, daily, hourly, table="onchain_signals"))

    assert [(row.series, row.expected, row.gap_buckets) for row in rows] == [("flow", 6, 2), ("supply", 3, 0)]


def test_tables_without_cadence_count_rows(tmp_path: Path) -> None:
    post = {"platform": "x", "text": "t", "kind": "post", "symbol": "BTC", "available_at": 3 * DAY_US, **REAL}
    posts = pl.DataFrame([post | {"post_id": str(i), "event_time": i * DAY_US} for i in range(3)])
    lake = lake_with(tmp_path, posts, table="social_posts")
    lake.append("orderbook_l2", pl.DataFrame([snapshot(i) for i in range(2)]), ingested_at=NOW)
    book, social = audit(lake)

    assert (social.expected, social.present, social.gaps, social.coverage, social.late) == (None, 3, None, None, 1)
    assert (book.series, book.expected, book.present) == ("snapshot", None, 2)


def test_sampled_order_books_have_a_cadence(tmp_path: Path) -> None:
    books = pl.DataFrame([snapshot(i * FIVE, timeframe="5m") for i in (0, 1, 3)])

    assert only(audit(lake_with(tmp_path, books, table="orderbook_l2"))).expected == 4


def test_rows_are_json(tmp_path: Path) -> None:
    row = only(audit(lake_with(tmp_path, bars(0, 2)))).as_dict()
    names = "table symbol timeframe start end expected present real derived duplicates gaps gap_buckets"

    assert json.loads(json.dumps(row)) == row
    assert set(names.split()) <= set(row)
    assert (row["start"], row["end"]) == ("1970-01-01T00:00:00Z", "1970-01-01T00:15:00Z")
    assert row["holes"] == [{"after": "1970-01-01T00:00:00Z", "before": "1970-01-01T00:10:00Z", "buckets": 1}]


def test_an_empty_lake_has_nothing_to_audit(tmp_path: Path) -> None:
    assert audit(Lake(tmp_path)) == []
    with pytest.raises(UnknownName):
        audit(Lake(tmp_path), tables=["bars"])


def test_readiness_names_what_is_missing(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(*range(10)), bars(*range(9), symbol="ETHUSDT"))
    lake.append("funding_rates", funding(0, is_synthetic=True), ingested_at=NOW)
    rows = audit(lake, start=0, end=10 * FIVE)
    kinds = {"market_bars:5m": 0.9, "market_bars:1h": 0.1, "funding_rates": 0.5}
    found = readiness(rows, kinds)

    assert (found["ready"], found["missing_data_kinds"]) == (False, ["market_bars:1h", "funding_rates"])
    assert found["kinds"]["market_bars:5m"] == {
        "coverage": pytest.approx(0.95), "worst": 0.9, "worst_symbol": "ETHUSDT", "required": 0.9,
    }  # fmt: skip
    assert readiness(rows, {"market_bars": 0.9}) | {"kinds": {}} == {
        "ready": True, "missing_data_kinds": [], "kinds": {},
    }  # fmt: skip


def test_readiness_lets_tables_without_venue_name_coins_their_own_way(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(0, 1, 2))
    lake.append("onchain_signals", signals([0, FIVE, 2 * FIVE]), ingested_at=NOW)
    rows = audit(lake)

    assert readiness(rows, ["market_bars", "onchain_signals:flow"])["ready"] is True
    assert readiness(rows, ["onchain_signals:supply"])["missing_data_kinds"] == ["onchain_signals:supply"]


def test_simulated_rows_count_only_when_asked_to(tmp_path: Path) -> None:
    rows = audit(lake_with(tmp_path, bars(0, 1, is_synthetic=True)))

    assert readiness(rows, ["market_bars"])["ready"] is False
    assert readiness(rows, ["market_bars"], synthetic_counts=True)["ready"] is True


def stated(shared: Path, folder: str) -> dict[str, tuple[int, int]]:
    """Rows and gaps of each file of a folder, as the data's own README states them."""
    lines = re.findall(rf"^\| `{folder}/(\w+)\.parquet` \|(.*)$", (shared / "README.md").read_text(), re.MULTILINE)
    at = {"funding": (4, 5), "stocks_us30": (2, 3), "stocks_mag7": (2, 3)}.get(folder, (5, 6))
    cells = {name: [cell.strip() for cell in rest.split("|")] for name, rest in lines}
    return {name: (int(row[at[0]]), int(row[at[1]].split()[0])) for name, row in cells.items()}


@pytest.mark.parametrize(
    ("folder", "venue", "names"),
    [
        ("bars", "binance", ["BTCUSDT_5m", "ETHUSDT_5m", "SOLUSDT_5m", "FILUSDT_1m"]),
        ("bars_spot", "binance-spot", ["BTCUSDT_1h", "AVAXUSDT_1h"]),
    ],
)
def test_gaps_of_real_bars_are_those_the_data_states(
    tmp_path: Path, shared_data: Path, folder: str, venue: str, names: list[str]
) -> None:
    lake = Lake(tmp_path)
    for name in names:
        lake.append(
            "market_bars", real_bars(shared_data / folder / f"{name}.parquet", venue, *name.split("_")), ingested_at=NOW
        )
    found = {f"{row.symbol}_{row.timeframe}": (row.present, row.gaps) for row in audit(lake)}

    assert found == {name: stated(shared_data, folder)[name] for name in names}


def test_gaps_of_real_funding_are_those_the_data_states(tmp_path: Path, shared_data: Path) -> None:
    lake = Lake(tmp_path)
    frames = []
    for file in sorted((shared_data / "funding").glob("*.parquet")):
        rates = pl.read_parquet(file).select(event_time="ts", available_at="ts", rate="rate")
        hours = 4.0 if file.stem == "ENAUSDT" else 8.0  # as the README says
        frames.append(rates.with_columns(venue=pl.lit("binance"), symbol=pl.lit(file.stem), interval_hours=hours))
    constants = {name: pl.lit(value) for name, value in REAL.items()}
    lake.append("funding_rates", pl.concat(frames).with_columns(**constants), ingested_at=NOW)

    assert {row.symbol: (row.present, row.gaps) for row in audit(lake)} == stated(shared_data, "funding")


def test_real_stocks_have_no_gap_and_their_bad_ticks_are_kept_aside(tmp_path: Path, shared_data: Path) -> None:
    lake = Lake(tmp_path)
    report = lake.append(
        "market_bars", real_bars(shared_data / "stocks_us30" / "DIS.parquet", "stocks", "DIS", "1d"), ingested_at=NOW
    )
    row = only(audit(lake))

    assert (report.read, report.written + report.quarantined) == (stated(shared_data, "stocks_us30")["DIS"][0],) * 2
    assert (row.gaps, row.quarantined, row.coverage) == (0, report.quarantined, 1.0)


def test_a_window_over_real_bars(tmp_path: Path, shared_data: Path) -> None:
    """420 days to the end of the data, and 2018 to then: 288 bars a day are expected."""
    lake = lake_with(tmp_path, real_bars(shared_data / "bars" / "BTCUSDT_5m.parquet", "binance", "BTCUSDT", "5m"))
    end = instant_us("2025-10-01")
    year = only(audit(lake, start=end - 420 * DAY_US, end=end))
    ever = only(audit(lake, start=instant_us("2018-01-01"), end=end))

    assert (year.expected, year.present, year.coverage) == (420 * 288, 420 * 288, 1.0)
    assert (ever.expected, ever.present, ever.gaps) == ((end - instant_us("2018-01-01")) // FIVE, 289152, 1)
    assert readiness([year], ["market_bars:5m"])["ready"] is True
    assert readiness([ever], ["market_bars:5m"])["missing_data_kinds"] == ["market_bars:5m"]
