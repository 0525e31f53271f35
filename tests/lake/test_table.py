"""The lake: nothing doubled, nothing lost, and the past can be read as it was known."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.core.errors import InvalidOption, SchemaViolation, UnknownName, UnknownVersion
from alphaloop.lake.schema import TABLES
from alphaloop.lake.table import NEVER, Lake, WriteReport
from tests.lake.builders import FIVE, NOW, REAL, bar, bars, funding, lake_with, signals, snapshot

LATER = NOW + 1


def counts(report: WriteReport) -> tuple[int, int, int, int, int]:
    return report.read, report.written, report.duplicate, report.quarantined, report.version


def closes(lake: Lake) -> list[float]:
    return lake.read("market_bars")["close"].to_list()


def test_the_same_data_twice_makes_no_new_version(tmp_path: Path) -> None:
    first = Lake(tmp_path).append("market_bars", bars(0, 1, 2), ingested_at=NOW)
    again = Lake(tmp_path).append("market_bars", bars(0, 1, 2), ingested_at=LATER)

    assert (counts(first), counts(again)) == ((3, 3, 0, 0, 0), (3, 0, 3, 0, 0))
    assert Lake(tmp_path).read("market_bars")["ingested_at"].to_physical().to_list() == [NOW] * 3


def test_overlapping_and_unsorted_batches_meet(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(3, 1, 2))
    report = lake.append("market_bars", bars(5, 2, 4, 3, 4), ingested_at=LATER)

    assert counts(report) == (5, 2, 3, 0, 1)
    assert lake.read("market_bars")["event_time"].to_physical().to_list() == [i * FIVE for i in (1, 2, 3, 4, 5)]


def test_of_two_sources_that_disagree_the_first_stays_and_the_other_is_kept_aside(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(0, 1))
    other = bars(1, 2, source="other", close=101.5)
    report = lake.append("market_bars", other, ingested_at=LATER)
    refused = lake.read("quarantine")

    assert (counts(report), closes(lake)) == ((2, 1, 0, 1, 1), [101.0, 101.0, 101.5])
    assert refused["reason"].to_list() == ["conflict with test on close"]
    assert json.loads(refused["row"].item()).items() >= {"close": 101.5, "source": "other", "symbol": "BTCUSDT"}.items()


def test_disagreement_inside_one_batch(tmp_path: Path) -> None:
    frame = pl.concat([bars(0), bars(0, close=100.5), bars(0), bars(1)])
    lake = Lake(tmp_path)

    assert counts(lake.append("market_bars", frame, ingested_at=NOW)) == (4, 2, 1, 1, 0)
    assert closes(lake) == [101.0, 101.0]


def test_a_simulated_bar_never_passes_for_a_stored_real_one(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(0))
    report = lake.append("market_bars", bars(0, is_synthetic=True), ingested_at=LATER)

    assert counts(report) == (1, 0, 0, 1, 0)
    assert lake.read("quarantine")["reason"].to_list() == ["conflict with test on is_synthetic"]


def test_a_row_that_knows_less_is_a_duplicate_and_one_that_knows_more_waits_for_an_upsert(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(0, taker_buy_volume=3.0), bars(1))

    assert counts(lake.append("market_bars", bars(0), ingested_at=LATER)) == (1, 0, 1, 0, 1)
    richer = bars(1, taker_buy_volume=3.0)
    assert counts(lake.append("market_bars", richer, ingested_at=LATER)) == (1, 0, 0, 1, 1)
    assert lake.read("quarantine")["reason"].to_list() == ["conflict with test on more: taker_buy_volume"]
    assert counts(lake.upsert("market_bars", richer, ingested_at=LATER)) == (1, 1, 0, 0, 2)
    assert lake.read("market_bars")["taker_buy_volume"].to_list() == [3.0, 3.0]


def test_refused_rows_are_stored_once_and_counted_each_time(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    frame = pl.DataFrame([bar(0), bar(1, high=1.0), bar(2, volume=-1.0)])
    first, again = (lake.append("market_bars", frame, ingested_at=now) for now in (NOW, LATER))

    assert (counts(first), counts(again)) == ((3, 1, 0, 2, 0), (3, 0, 1, 2, 0))
    assert (lake.read("quarantine").height, lake.version("quarantine")) == (2, 0)


def test_a_batch_of_refused_rows_alone_makes_no_table(tmp_path: Path) -> None:
    lake = Lake(tmp_path)

    assert counts(lake.append("market_bars", bars(0, volume=-1.0), ingested_at=NOW)) == (1, 0, 0, 1, NEVER)
    assert lake.tables() == ["quarantine"]


def test_rows_an_importer_could_not_read_can_be_put_into_the_quarantine(tmp_path: Path) -> None:
    """What has no time or no symbol fits no table; the importer writes it aside itself, as it stood."""
    lake = lake_with(tmp_path, bars(0, volume=-1.0))
    rows = pl.DataFrame({"table_name": "market_bars", "reason": "no time", "row": ['{"a":1}', '{"a":2}', '{"a":1}']})
    first, again = (lake.append("quarantine", rows, ingested_at=now) for now in (NOW, LATER))

    assert (counts(first), counts(again)) == ((3, 2, 1, 0, 1), (3, 0, 3, 0, 1))
    assert lake.read("quarantine")["reason"].to_list() == ["no time", "no time", "volume is negative"]
    with pytest.raises(SchemaViolation, match="without table_name, row or reason"):
        lake.append("quarantine", rows.with_columns(row=pl.lit(None, pl.String)), ingested_at=NOW)
    with pytest.raises(InvalidOption):
        lake.upsert("quarantine", rows, ingested_at=NOW)


def test_a_schema_violation_leaves_nothing(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    with pytest.raises(SchemaViolation):
        lake.append("market_bars", bars(0).drop("close"), ingested_at=NOW)

    assert (lake.tables(), list(tmp_path.iterdir())) == ([], [])


def test_settlements_some_milliseconds_apart_are_the_same(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, funding(8, 16), table="funding_rates")
    jittered = funding(8 + 30 / 3_600_000, 24)

    assert counts(lake.append("funding_rates", jittered, ingested_at=LATER)) == (2, 1, 1, 0, 1)
    assert counts(lake.upsert("funding_rates", jittered, ingested_at=LATER)) == (2, 1, 1, 0, 2)
    assert lake.read("funding_rates").height == 3


def test_order_books_compare_by_level(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, pl.DataFrame([snapshot(0)]), table="orderbook_l2")
    frame = pl.DataFrame([snapshot(0), snapshot(1), snapshot(0, bid_qty=[1.0, 2.5])])

    assert counts(lake.append("orderbook_l2", frame, ingested_at=LATER)) == (3, 1, 1, 1, 1)
    assert lake.read("quarantine")["reason"].to_list() == ["conflict with test on bid_qty"]


def test_keys_without_time_are_found_anywhere_in_the_table(tmp_path: Path) -> None:
    row = {"entity_id": "btc", "name": "Bitcoin", "kind": "coin", "event_time": 0, "available_at": 0, **REAL}
    lake = lake_with(tmp_path, pl.DataFrame([row]), table="entities")
    moved = pl.DataFrame([row | {"event_time": NOW, "available_at": NOW}])

    assert counts(lake.append("entities", moved, ingested_at=LATER)) == (1, 0, 0, 1, 0)
    assert lake.read("quarantine")["reason"].to_list() == ["conflict with test on event_time"]


def test_upsert_replaces_adds_and_repeats_nothing(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(0, 1, 2))
    change = pl.concat([bars(1, close=100.1), bars(1, close=100.2), bars(3), bars(2)])

    assert counts(lake.upsert("market_bars", change, ingested_at=LATER)) == (4, 2, 2, 0, 1)
    assert counts(lake.upsert("market_bars", change, ingested_at=LATER)) == (4, 0, 4, 0, 1)
    assert closes(lake) == [101.0, 100.2, 101.0, 101.0]
    assert lake.read("market_bars", version=0)["close"].to_list() == [101.0] * 3


def test_upsert_into_nothing_and_of_nothing(tmp_path: Path) -> None:
    lake = Lake(tmp_path)

    assert counts(lake.upsert("market_bars", bars(0).clear(), ingested_at=NOW)) == (0, 0, 0, 0, NEVER)
    assert counts(lake.upsert("market_bars", bars(0, 1), ingested_at=NOW)) == (2, 2, 0, 0, 0)
    assert counts(lake.upsert("market_bars", bars(0, low=0.0), ingested_at=NOW)) == (1, 0, 0, 1, 0)


def test_reads_can_be_narrowed(tmp_path: Path) -> None:
    lake = lake_with(
        tmp_path, bars(0, 1, 2, 3), bars(1, symbol="ETHUSDT"), bars(2, venue="okx"), bars(0, timeframe="1m")
    )
    five = {"timeframe": "5m", "venue": "binance"}

    assert lake.read("market_bars", symbols=["ETHUSDT"]).height == 1
    assert lake.read("market_bars", symbols=[]).height == 0
    assert lake.read("market_bars", venue="okx").height == 1
    assert lake.read("market_bars", timeframe="1m").height == 1
    window = lake.read("market_bars", symbols=["BTCUSDT"], start=FIVE, end=3 * FIVE, columns=["event_time"], **five)
    assert (window.columns, window["event_time"].to_physical().to_list()) == (["event_time"], [FIVE, 2 * FIVE])


def test_reads_are_sorted_by_key(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(2, 0, symbol="ETHUSDT"), bars(1, 0))
    read = lake.read("market_bars", columns=["symbol", "event_time"])

    assert read.equals(read.sort("symbol", "event_time"))


def test_versions_history_and_time_travel(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(0), bars(1, 0))

    assert [lake.read("market_bars", version=version).height for version in (0, 1)] == [1, 2]
    assert (lake.version("market_bars"), lake.version("trades")) == (1, NEVER)
    assert lake.versions() == {"market_bars": 1}
    newest = lake.history("market_bars")[0]
    assert (newest["version"], newest["read"], newest["written"], newest["duplicate"]) == (1, "2", "1", "1")
    for version in (2, -1):
        with pytest.raises(UnknownVersion, match=f"version {version} of market_bars"):
            lake.read("market_bars", version=version)
    with pytest.raises(UnknownVersion, match="no committed table trades"):
        lake.read("trades", version=0)


def test_unknown_names_are_refused(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(0))
    for call in (
        lambda: lake.read("bars"),
        lambda: lake.version("bars"),
        lambda: lake.append("bars", bars(0), ingested_at=NOW),
        lambda: lake.read("market_bars", columns=["vwap"]),
        lambda: lake.read("entities", symbols=["BTC"]),
    ):
        with pytest.raises(UnknownName):
            call()


def test_a_table_nobody_wrote_to_is_empty(tmp_path: Path) -> None:
    assert Lake(tmp_path).read("market_bars").schema == TABLES["market_bars"].dtypes
    assert (Lake(tmp_path).history("trades"), Lake(tmp_path).compact("trades")) == ([], NEVER)


def test_compaction_keeps_rows_and_older_versions(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, *(bars(i) for i in range(6)))
    before = lake.read("market_bars")

    assert lake.compact("market_bars") == 6
    assert lake.read("market_bars").equals(before)
    assert lake.read("market_bars", version=2).height == 3
    assert lake.append("market_bars", bars(*range(6)), ingested_at=LATER).version == 6


def test_compaction_can_let_go_of_old_files(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, *(bars(i) for i in range(6)))
    (tmp_path / "market_bars" / "symbol=BTCUSDT" / "part-of-a-killed-import.parquet").write_bytes(b"")
    lake.compact("market_bars", keep_hours=0)

    assert len(list((tmp_path / "market_bars").rglob("*.parquet"))) == 1
    assert lake.read("market_bars").height == 6


def test_a_column_declared_later_is_null_in_older_rows(tmp_path: Path) -> None:
    from deltalake import write_deltalake

    stored = lake_with(tmp_path / "new", bars(0)).read("market_bars").drop("taker_buy_quote_volume")
    write_deltalake(str(tmp_path / "market_bars"), stored, partition_by=["symbol"])
    lake = lake_with(tmp_path, bars(0, 1))

    assert lake.read("market_bars")["taker_buy_quote_volume"].to_list() == [None, None]


ROWS = st.lists(st.tuples(st.integers(0, 12), st.sampled_from(["BTCUSDT", "ETHUSDT"])), min_size=1, max_size=25)


@settings(max_examples=12, deadline=None)
@given(rows=ROWS, data=st.data())
def test_any_order_and_split_of_a_batch_makes_the_same_table(rows: list[tuple[int, str]], data: st.DataObject) -> None:
    frame = pl.DataFrame([bar(index, symbol=symbol) for index, symbol in rows])
    order = data.draw(st.permutations(range(frame.height)))
    cut = data.draw(st.integers(0, frame.height))
    with TemporaryDirectory() as one, TemporaryDirectory() as two:
        whole = lake_with(Path(one), frame)
        parts = lake_with(Path(two), frame[order[:cut]], frame[order[cut:]], frame[order[::2]])

        assert parts.read("market_bars").equals(whole.read("market_bars"))
        assert whole.read("market_bars").height == len(set(rows))


BATCHES = st.lists(
    st.builds(
        bar,
        st.integers(0, 5),
        close=st.sampled_from([100.0, 101.0, 150.0]),
        volume=st.sampled_from([7.0, -1.0]),
        taker_buy_volume=st.sampled_from([None, 3.0]),
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=15, deadline=None)
@given(rows=BATCHES, cut=st.integers(0, 20))
def test_every_row_is_written_or_known_or_kept_aside(rows: list[dict], cut: int) -> None:
    """However good, bad and contradicting rows are mixed and split, none disappears and no key doubles."""
    frame = pl.DataFrame(rows, infer_schema_length=None, schema_overrides={"taker_buy_volume": pl.Float64})
    values = ["event_time", "close", "volume", "taker_buy_volume"]
    with TemporaryDirectory() as folder:
        lake = Lake(Path(folder))
        reports = [lake.append("market_bars", part, ingested_at=NOW) for part in (frame[:cut], frame[cut:])]
        stored = lake.read("market_bars").with_columns(pl.col("event_time").to_physical())
        aside = {tuple(json.loads(row)[name] for name in values[1:]) for row in lake.read("quarantine")["row"]}

    kept = {row[0]: row[1:] for row in stored.select(values).iter_rows()}
    assert len(kept) == stored.height == sum(report.written for report in reports)
    for report in reports:
        assert report.read == report.written + report.duplicate + report.quarantined
    for row in rows:
        known = kept.get(row["event_time"], ())
        less = tuple(row[name] for name in values[1:])
        agrees = len(known) == 3 and all(mine in (theirs, None) for mine, theirs in zip(less, known, strict=True))
        assert agrees or less in aside


@settings(max_examples=8, deadline=None)
@given(
    delays=st.lists(st.integers(0, 50), min_size=1, max_size=12),
    moments=st.lists(st.integers(0, 70), min_size=1, max_size=6),
)
def test_no_row_is_read_before_it_was_available(delays: list[int], moments: list[int]) -> None:
    frames = [signals([i], available_at=i + delay) for i, delay in enumerate(delays)]
    with TemporaryDirectory() as folder:
        lake = lake_with(Path(folder), pl.concat(frames), table="onchain_signals")
        for now in moments:
            known = lake.read("onchain_signals", as_of=now)["event_time"].to_physical().to_list()
            assert known == [i for i, delay in enumerate(delays) if i + delay <= now]
