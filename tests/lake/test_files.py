"""Files of open-ended tables: what Delta and others read in them, and what a failed write leaves."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from alphaloop.lake import files
from alphaloop.lake.table import Lake
from tests.lake.test_open_ended import TABLE, rows

ODD = ["BTCUSDT", "BTC/USDT:USDT", "a b", "x=y", "ü%41"]


def many(count=3, **columns):
    """Rows of every odd symbol."""
    return pl.concat([rows(count, **columns).with_columns(symbol=pl.lit(name)) for name in ODD])


def last_commit(lake):
    """Actions of the newest commit."""
    log = sorted((lake.root / TABLE / "_delta_log").glob("*.json"))[-1]
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_symbols_of_any_spelling_come_back(tmp_path):
    lake = Lake(tmp_path)
    frame = many(a=[1.0, None, 3.0], m_a=[True, False, True])

    assert lake.append(TABLE, frame, ingested_at=0).written == frame.height
    assert sorted(lake.read(TABLE)["symbol"].unique()) == sorted(ODD)
    for name in ODD:
        held = lake.read(TABLE, symbols=[name], columns=["symbol", "a", "m_a"])
        assert held.rows() == [(name, 1.0, True), (name, None, False), (name, 3.0, True)]


def test_rows_can_be_corrected_compacted_and_asked_for_in_sql(tmp_path):
    lake = Lake(tmp_path)
    lake.append(TABLE, many(a=[1.0, 2.0, 3.0]), ingested_at=0)
    lake.append(TABLE, many(schema_hash="other", a=[1.0, 2.0, 3.0]), ingested_at=1)

    report = lake.upsert(TABLE, many(a=[1.0, 2.0, 9.0]), ingested_at=2)
    lake.compact(TABLE)

    assert (report.written, report.duplicate) == (len(ODD), 2 * len(ODD))
    assert lake.query(f"select count(*), sum(a) from {TABLE}").row(0) == (6 * len(ODD), len(ODD) * (12.0 + 6.0))


def test_rows_with_fewer_columns_need_no_wider_table(tmp_path):
    lake = Lake(tmp_path)
    lake.append(TABLE, rows(a=[1.0, 2.0], b=[3.0, 4.0]), ingested_at=0)

    assert lake.append(TABLE, rows(schema_hash="other", b=[5.0, 6.0]), ingested_at=1).version == 1
    assert sorted(lake.read(TABLE, columns=["a", "b"]).rows(), key=lambda row: row[1]) == [
        (1.0, 3.0),
        (2.0, 4.0),
        (None, 5.0),
        (None, 6.0),
    ]


def test_the_log_says_how_many_and_between_what(tmp_path):
    lake = Lake(tmp_path)
    lake.append(TABLE, rows(3, a=[1.0, None, 3.0]), ingested_at=7)

    (added,) = [line["add"] for line in last_commit(lake) if "add" in line]
    said = json.loads(added["stats"])

    assert added["partitionValues"] == {"symbol": "X"}
    assert added["size"] == (tmp_path / TABLE / added["path"]).stat().st_size
    assert said["numRecords"] == 3
    assert said["minValues"]["event_time"] == "1970-01-01T00:00:00.000000Z"
    assert said["maxValues"]["event_time"] == "1970-01-01T00:00:00.000002Z"
    assert (said["minValues"]["venue"], said["nullCount"]["venue"]) == ("v", 0)
    assert "a" not in said["minValues"]


def test_files_outside_the_times_asked_for_are_not_opened(tmp_path):
    lake = Lake(tmp_path)
    lake.append(TABLE, rows(2, a=[1.0, 2.0]), ingested_at=0)
    late = rows(2, event_time=[500_000, 500_001], available_at=[500_001] * 2, a=[3.0, 4.0])
    lake.append(TABLE, late, ingested_at=1)
    (first,) = [one for one in (tmp_path / TABLE).rglob("*.parquet") if pl.read_parquet(one)["a"][0] == 1.0]
    first.write_bytes(b"not a parquet file")

    assert lake.read(TABLE, start=500_000, columns=["a"])["a"].to_list() == [3.0, 4.0]


def test_the_notes_of_a_write_are_in_its_commit(tmp_path):
    lake = Lake(tmp_path)
    for schema_hash in ("one", "two"):
        lake.append(TABLE, rows(schema_hash=schema_hash, a=[1.0, 2.0]), ingested_at=0)

    assert [(one["version"], one["read"], one["written"]) for one in lake.history(TABLE)] == [
        (1, "2", "2"),
        (0, "2", "2"),
    ]


FULL = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from alphaloop.core.errors import StorageFull
from alphaloop.lake.table import Lake
from tests.lake.test_open_ended import TABLE, rows
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
lake = Lake(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    many = rows(100_000, available_at=[200_000] * 100_000, a=np.random.default_rng(0).normal(size=100_000))
    lake.append(TABLE, many, ingested_at=1)
except StorageFull as error:
    print(error)
"""


@pytest.mark.parametrize("begun", [True, False])
def test_a_write_that_hits_a_limit_leaves_the_table_as_it_was(tmp_path, begun):
    lake = Lake(tmp_path)
    if begun:
        lake.append(TABLE, rows(schema_hash="before", a=[1.0, 2.0]), ingested_at=0)
    before = set(tmp_path.rglob("*.parquet"))
    run = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip

    assert f"no room for {TABLE}" in run.stdout, run.stderr
    assert (lake.read(TABLE).height, set(tmp_path.rglob("*.parquet"))) == (2 * begun, before)


def test_an_interrupt_before_the_commit_leaves_no_file(tmp_path, monkeypatch):
    lake = Lake(tmp_path)
    lake.append(TABLE, rows(a=[1.0, 2.0]), ingested_at=0)
    before = set(tmp_path.rglob("*.parquet"))

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "_bounds", interrupted)
    with pytest.raises(KeyboardInterrupt):
        lake.append(TABLE, rows(schema_hash="other", a=[1.0, 2.0]), ingested_at=1)

    assert set(tmp_path.rglob("*.parquet")) == before
    assert lake.version(TABLE) == 0


def test_what_a_killed_writer_left_is_not_touched(tmp_path):
    lake = Lake(tmp_path)
    lake.append(TABLE, rows(a=[1.0, 2.0]), ingested_at=0)
    orphan = tmp_path / TABLE / "symbol=X" / "part-00001-0.lz4.parquet"
    orphan.write_bytes(b"half")

    lake.append(TABLE, rows(schema_hash="other", a=[3.0, 4.0]), ingested_at=1)

    assert orphan.read_bytes() == b"half"
    assert lake.read(TABLE).height == 4
