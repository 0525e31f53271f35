"""Imports account for every row, survive every bad file, and do nothing twice."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alphaloop.core.errors import StorageFull
from alphaloop.lake import ingest
from alphaloop.lake.ingest import ImportReport, find_files, import_each, import_files
from alphaloop.lake.sources.names import Hints
from alphaloop.lake.table import Lake
from tests.lake.sources.samples import FIVE_US, START_US, klines, raw_bars, written, zipped

NOW = 1_800_000_000_000_000


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake."""
    return Lake(tmp_path / "lake")


def bring(lake: Lake, *paths: Path, hints: Hints | None = None) -> list[ImportReport]:
    """Import at a fixed time."""
    return import_files(lake, paths, hints, ingested_at=NOW)


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    """Read, written, duplicate, quarantined."""
    return report.read, report.written, report.duplicate, report.quarantined


def saved(path: Path, frame: pl.DataFrame) -> Path:
    """A Parquet file of the frame."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(path)
    return path


def reasons(lake: Lake) -> list[str]:
    """Why rows stand in the quarantine, sorted."""
    return lake.read("quarantine")["reason"].sort().to_list()


def test_a_file_and_then_again(lake: Lake, tmp_path: Path) -> None:
    path = saved(tmp_path / "BTCUSDT_5m.parquet", raw_bars(6))
    (first,), (second,) = bring(lake, path), bring(lake, path)

    assert (first.table, first.status, first.file_rows, counts(first)) == ("market_bars", "imported", 6, (6, 6, 0, 0))
    assert (second.status, counts(second)) == ("unchanged", (6, 0, 6, 0))
    assert first.version == second.version == lake.version("market_bars")
    assert lake.read("market_bars", columns=["ingested_at"]).to_series().to_physical().unique().to_list() == [NOW]


def test_a_folder_is_searched_through(lake: Lake, tmp_path: Path) -> None:
    saved(tmp_path / "in" / "bars" / "BTCUSDT_5m.parquet", raw_bars(6))
    saved(tmp_path / "in" / "bars_spot" / "BTCUSDT_5m.parquet", raw_bars(4))
    written(tmp_path / "in" / "README.md", "about")
    written(tmp_path / "in" / ".hidden" / "BTCUSDT_5m.csv", "")
    reports = bring(lake, tmp_path / "in")

    assert [(Path(one.file).name, one.status, one.written) for one in reports] == [
        ("README.md", "skipped", 0),
        ("BTCUSDT_5m.parquet", "imported", 6),
        ("BTCUSDT_5m.parquet", "imported", 4),
    ]
    assert lake.read("market_bars").group_by("venue").len().sort("venue").rows() == [
        ("binance", 6),
        ("binance-spot", 4),
    ]


def test_the_lake_does_not_swallow_itself(lake: Lake, tmp_path: Path) -> None:
    saved(tmp_path / "BTCUSDT_5m.parquet", raw_bars(6))
    first, again = bring(lake, tmp_path), bring(lake, tmp_path)

    assert [one.written for one in first] == [6]
    assert [one.status for one in again] == ["unchanged"]


def test_a_path_named_twice_is_read_once(tmp_path: Path) -> None:
    path = saved(tmp_path / "BTCUSDT_5m.parquet", raw_bars())

    assert find_files([path, tmp_path, tmp_path / "." / "BTCUSDT_5m.parquet"]) == [path]


def test_order_doublets_overlaps_and_holes(lake: Lake, tmp_path: Path) -> None:
    bars = raw_bars(100)
    shuffled = pl.concat([bars.head(60), bars.head(10)]).sample(fraction=1.0, shuffle=True, seed=3)
    one = saved(tmp_path / "one" / "BTCUSDT_5m.parquet", shuffled)
    two = saved(tmp_path / "two" / "BTCUSDT_5m.parquet", bars[50:70].vstack(bars[80:100]))
    first, second = bring(lake, one, two)

    assert counts(first) == (70, 60, 10, 0)
    assert counts(second) == (40, 30, 10, 0)
    times = lake.read("market_bars")["event_time"].to_physical().to_list()
    assert times == [START_US + i * FIVE_US for i in [*range(70), *range(80, 100)]]


def test_sources_that_disagree(lake: Lake, tmp_path: Path) -> None:
    one = saved(tmp_path / "one" / "BTCUSDT_5m.parquet", raw_bars(6, src=pl.lit("first")))
    other = raw_bars(6, src=pl.lit("second")).with_columns(
        close=pl.when(pl.int_range(pl.len()) == 2).then(102.5).otherwise("close")
    )
    two = saved(tmp_path / "two" / "BTCUSDT_5m.parquet", other)
    _, second = bring(lake, one, two)

    assert counts(second) == (6, 0, 5, 1)
    assert reasons(lake) == ["conflict with first on close"]
    assert lake.read("market_bars")["close"].to_list() == [101.0, 102.0, 103.0, 104.0, 105.0, 106.0]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"high": pl.lit(1.0)}, "high below low"),
        ({"volume": pl.lit(-1.0)}, "volume is negative"),
        ({"close": pl.lit(float("nan"))}, "close is NaN"),
        ({"open": pl.lit(float("inf"))}, "open is infinite"),
        ({"low": pl.lit(0.0)}, "low is zero or negative"),
        ({"close": pl.lit(None, pl.Float64)}, "close is null"),
    ],
)
def test_a_bad_bar_is_set_aside(lake: Lake, tmp_path: Path, change: dict[str, pl.Expr], reason: str) -> None:
    bad = raw_bars(6).with_columns(
        **{name: pl.when(pl.int_range(pl.len()) == 3).then(value).otherwise(name) for name, value in change.items()}
    )
    (report,) = bring(lake, saved(tmp_path / "BTCUSDT_5m.parquet", bad))

    assert counts(report) == (6, 5, 0, 1)
    assert reason in reasons(lake)[0]


def test_cells_nobody_can_read_are_kept_as_they_came(lake: Lake, tmp_path: Path) -> None:
    text = "ts,open,high,low,close,volume\n2025-01-01,1,2,1,2,3\nsoon,1,2,1,2,3\n2025-01-02,one,2,1,2,3\n"
    path = written(tmp_path / "BTCUSDT_1d.csv", text)
    (report,), (again,) = bring(lake, path), bring(lake, path)

    assert counts(report) == (3, 1, 0, 2)
    assert counts(again) == (3, 0, 1, 2)
    assert reasons(lake) == ["open 'one' is no number", "time 'soon' is no time"]
    rows = [json.loads(row) for row in lake.read("quarantine").sort("reason")["row"]]
    assert (rows[0]["open"], rows[1]["ts"]) == ("one", "soon")


def test_one_broken_file_does_not_stop_the_others(lake: Lake, tmp_path: Path) -> None:
    broken = written(tmp_path / "ETHUSDT_5m.csv", "")
    strange = written(tmp_path / "SOLUSDT_5m.csv", "fruit,colour\napple,red\n")
    good = saved(tmp_path / "BTCUSDT_5m.parquet", raw_bars(6))
    reports = bring(lake, tmp_path / "gone_5m.csv", broken, strange, good)

    assert [one.status for one in reports] == ["failed", "failed", "failed", "imported"]
    assert [one.error and one.error["error"] for one in reports] == [
        "UnreadableFile",
        "UnreadableFile",
        "UnknownLayout",
        None,
    ]
    assert all(Path(one.file).name in one.error["found"] for one in reports if one.error)
    assert lake.read("market_bars").height == 6


def test_a_file_broken_at_its_end_leaves_nothing(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "CHUNK_ROWS", 10)
    path = written(tmp_path / "BTCUSDT-5m.csv", klines(60) + "1,2,3,4,5,6,7,8,9,10,11,12,13\n")
    (report,) = bring(lake, path)

    assert report.status == "failed"
    assert lake.tables() == []
    assert list((tmp_path / "lake" / ".scratch").iterdir()) == []


def test_a_long_file_goes_in_by_chunks(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "CHUNK_ROWS", 10)
    seen: list[int] = []
    path = written(tmp_path / "BTCUSDT-5m.csv", klines(60) + klines(5))
    (report,) = import_files(lake, [path], ingested_at=NOW, progress=lambda _, rows: seen.append(rows))

    assert counts(report) == (65, 60, 5, 0)
    assert report.file_rows == 65
    assert seen[-1] == 65
    assert lake.version("market_bars") > 0
    assert list((tmp_path / "lake" / ".scratch").iterdir()) == []


def test_an_interrupt_leaves_whole_chunks_and_can_be_finished(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "CHUNK_ROWS", 10)
    path = written(tmp_path / "BTCUSDT-5m.csv", klines(60))
    append, calls = Lake.append, []

    def interrupted(self: Lake, table: str, frame: pl.DataFrame, *, ingested_at: int) -> object:
        calls.append(table)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return append(self, table, frame, ingested_at=ingested_at)

    monkeypatch.setattr(Lake, "append", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bring(lake, path)
    already = lake.read("market_bars").height
    (report,) = bring(lake, path)

    assert 0 < already < 60
    assert counts(report) == (60, 60 - already, already, 0)
    assert lake.read("market_bars").height == 60
    assert list((tmp_path / "lake" / ".scratch").iterdir()) == []


def test_an_interrupt_between_files_keeps_the_first(lake: Lake, tmp_path: Path) -> None:
    one = saved(tmp_path / "BTCUSDT_5m.parquet", raw_bars(6))
    two = saved(tmp_path / "ETHUSDT_5m.parquet", raw_bars(6))

    def interrupt(_file: str, _rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_files(lake, [one, two], ingested_at=NOW, progress=interrupt)
    assert lake.read("market_bars")["symbol"].to_list() == ["BTCUSDT"] * 6
    assert list((tmp_path / "lake" / ".scratch").iterdir()) == []


def test_a_full_disk_fails_the_file_and_says_so(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise StorageFull("no room", "space", "free some")

    monkeypatch.setattr(Lake, "append", full)
    (report,) = bring(lake, saved(tmp_path / "BTCUSDT_5m.parquet", raw_bars(6)))

    assert (report.status, report.error and report.error["error"]) == ("failed", "StorageFull")


def test_reports_come_file_by_file(lake: Lake, tmp_path: Path) -> None:
    one = saved(tmp_path / "BTCUSDT_5m.parquet", raw_bars(6))
    two = saved(tmp_path / "ETHUSDT_5m.parquet", raw_bars(6))
    each = import_each(lake, [one, two], ingested_at=NOW)

    assert next(each)[0].file == str(one)
    assert lake.read("market_bars")["symbol"].unique().to_list() == ["BTCUSDT"]


def test_a_report_is_plain_json(lake: Lake, tmp_path: Path) -> None:
    (report,) = bring(lake, written(tmp_path / "x.csv", ""))

    assert json.loads(json.dumps(report.as_dict()))["error"]["error"] == "UnreadableFile"


def test_an_entity_met_again_is_known(lake: Lake, tmp_path: Path) -> None:
    line = "date,company_name,acquirer_name\n{},Nest,{}\n"
    one = written(tmp_path / "one.csv", line.format("2014-01-01", "Google"))
    two = written(tmp_path / "two.csv", line.format("2016-01-01", "GOOGLE"))
    reports = {(Path(report.file).name, report.table): counts(report) for report in bring(lake, one, two)}

    assert reports["one.csv", "entities"] == (2, 2, 0, 0)
    assert reports["two.csv", "entities"] == (2, 0, 2, 0)
    assert lake.read("event_links").height == 4


def test_two_processes_at_once(lake: Lake, tmp_path: Path) -> None:
    saved(tmp_path / "BTCUSDT_5m.parquet", raw_bars(3000))
    code = (
        "import sys; from pathlib import Path; from alphaloop.lake.ingest import import_files;"
        "from alphaloop.lake.table import Lake;"
        f"r = import_files(Lake(Path(sys.argv[1])), [Path(sys.argv[2])], ingested_at={NOW})[0];"
        "print(r.status, r.written, r.duplicate, r.quarantined)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "lake"), str(tmp_path / "BTCUSDT_5m.parquet")]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = sorted(worker.communicate()[0].strip() for worker in workers)

    assert answers == ["imported 3000 0 0", "unchanged 0 3000 0"]
    assert lake.read("market_bars").height == 3000


def test_a_zip_of_two_symbols(lake: Lake, tmp_path: Path) -> None:
    path = zipped(tmp_path / "all.zip", **{"BTCUSDT-5m-2025-01": klines(3), "ETHUSDT-5m-2025-01": klines(4)})
    (report,) = bring(lake, path)

    assert counts(report) == (7, 7, 0, 0)


def _as_epoch(unit: str) -> Callable[[pl.Expr], pl.Expr]:
    return lambda ts: ts.dt.epoch(unit) if unit != "ns" else ts.dt.epoch("us") * 1000  # type: ignore[arg-type]


RENDERINGS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    **{unit: _as_epoch(unit) for unit in ("s", "ms", "us", "ns")},
    "iso": lambda ts: ts.dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "naive": lambda ts: ts.dt.strftime("%Y-%m-%d %H:%M"),
    "tokyo": lambda ts: ts.dt.convert_time_zone("Asia/Tokyo").dt.strftime("%Y-%m-%d %H:%M:%S%z"),
    "zoned": lambda ts: ts.dt.convert_time_zone("America/New_York"),
    "naive column": lambda ts: ts.dt.replace_time_zone(None).dt.cast_time_unit("ns"),
}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.permutations(range(20)),
    st.sampled_from(sorted(RENDERINGS)),
    st.sampled_from(["csv", "parquet", "feather"]),
    st.sampled_from([1, 5, 60]),
)
def test_any_rendering_of_the_same_bars_is_the_same_table(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], rendering: str, suffix: str, minutes: int
) -> None:
    folder = tmp_path_factory.mktemp("rendering")
    bars = raw_bars(20, timedelta(minutes=minutes))
    frame = bars.with_columns(RENDERINGS[rendering](pl.col("ts")))[order]
    path = folder / f"BTCUSDT.{suffix}"
    if suffix == "csv" and frame["ts"].dtype == pl.Datetime("ms", "America/New_York"):
        frame = frame.with_columns(pl.col("ts").dt.to_string("iso:strict"))
    {"csv": frame.write_csv, "parquet": frame.write_parquet, "feather": frame.write_ipc}[suffix](path)
    lake = Lake(folder / "lake")
    (report,) = bring(lake, path)
    found = lake.read("market_bars").select("timeframe", "event_time", "open", "high", "low", "close", "volume")

    assert counts(report) == (20, 20, 0, 0)
    assert found["event_time"].to_physical().to_list() == bars["ts"].dt.epoch("us").to_list()
    assert found["timeframe"].unique().to_list() == [f"{minutes}m" if minutes < 60 else "1h"]
    assert found.drop("timeframe", "event_time").equals(bars.drop("ts"))


ROWS = st.lists(st.tuples(st.integers(0, 7), st.sampled_from([101.0, 101.5]), st.booleans()), min_size=2, max_size=30)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, st.integers(min_value=0, max_value=30))
def test_every_row_is_written_known_or_set_aside(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, float, bool]], cut: int
) -> None:
    """Against a slow reference: the first good row of a key stays, the rest is known or contradicts.

    A row that repeats the stored one right after a row that contradicts it may count as either.
    """
    folder = tmp_path_factory.mktemp("law")
    lake = Lake(folder / "lake")
    kept: dict[int, float] = {}
    for number, part in enumerate(part for part in (rows[:cut], rows[cut:]) if part):
        expected, before = [len(part), 0, 0, 0], set(kept)
        for slot, close, is_bad in part:
            expected[3 if is_bad else 1 if slot not in kept else 2 if kept[slot] == close else 3] += 1
            if not is_bad:
                kept.setdefault(slot, close)
        contradicted = {slot for slot, close, is_bad in part if not is_bad and kept[slot] != close} & before
        frame = raw_bars(8)[[slot for slot, _, _ in part]].with_columns(
            high=pl.lit(200.0),
            low=pl.Series([300.0 if is_bad else 1.0 for _, _, is_bad in part]),
            close=pl.Series([close for _, close, _ in part]),
        )
        path = saved(folder / str(number) / "BTCUSDT_5m.parquet", frame)
        (report,) = bring(lake, path, hints=None)
        if contradicted:
            assert (report.read, report.written) == (expected[0], expected[1])
            assert report.duplicate + report.quarantined == expected[2] + expected[3]
        else:
            assert list(counts(report)) == expected

    stored = lake.read("market_bars")
    found = [(time - START_US) // FIVE_US for time in stored["event_time"].to_physical()]
    assert dict(zip(found, stored["close"], strict=True)) == kept
