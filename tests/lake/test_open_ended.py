"""Open-ended tables: further columns, widening, masks, upserts, quarantine."""

import polars as pl
import pytest

from alphaloop.core.errors import SchemaViolation, UnknownName
from alphaloop.lake.schema import TABLES
from alphaloop.lake.table import Lake

TABLE = "feature_matrix_main"


def rows(count=2, schema_hash="h", **columns):
    stamps = {"event_time": range(count), "available_at": [1000] * count}
    names = {"venue": "v", "symbol": "X", "timeframe": "5m", "schema_hash": schema_hash, "source": "test"}
    constants = {name: pl.lit(value) for name, value in (names | {"is_synthetic": False, "is_derived": True}).items()}
    return pl.DataFrame(stamps | columns).with_columns(**constants)


def values(lake, *names):
    return lake.read(TABLE, columns=list(names)).rows()


def test_a_table_takes_new_columns_and_old_rows_are_null_there(tmp_path):
    lake = Lake(tmp_path)
    lake.append(TABLE, rows(a=[1.0, None], m_a=[True, False]), ingested_at=0)
    report = lake.append(
        TABLE, rows(schema_hash="other", a=[3.0, 4.0], b=[5.0, None], m_b=[True, False]), ingested_at=1
    )

    assert report.written == 2
    assert set(values(lake, "schema_hash", "a", "b", "m_b")) == {
        ("h", 1.0, None, None),
        ("h", None, None, None),
        ("other", 3.0, 5.0, True),
        ("other", 4.0, None, False),
    }
    assert lake.read(TABLE).columns == [*TABLES[TABLE].names, "a", "m_a", "b", "m_b"]


def test_the_same_rows_are_no_new_version_even_with_fewer_columns(tmp_path):
    lake = Lake(tmp_path)
    lake.append(TABLE, rows(a=[1.0, 2.0], b=[1.0, 2.0]), ingested_at=0)

    for write in (lake.append, lake.upsert):
        report = write(TABLE, rows(a=[1.0, 2.0]), ingested_at=1)
        assert (report.written, report.version, report.quarantined) == (0, 0, 0)


def test_an_upsert_corrects_and_adds_columns(tmp_path):
    lake = Lake(tmp_path)
    lake.append(TABLE, rows(a=[1.0, 2.0]), ingested_at=0)

    report = lake.upsert(TABLE, rows(3, a=[1.0, 9.0, 3.0], b=[None, 7.0, None]), ingested_at=1)

    assert (report.read, report.written, report.duplicate, report.version) == (3, 2, 1, 1)
    assert values(lake, "a", "b") == [(1.0, None), (9.0, 7.0), (3.0, None)]


def test_an_upsert_of_new_rows_alone_is_a_plain_append(tmp_path):
    lake = Lake(tmp_path)
    lake.upsert(TABLE, rows(a=[1.0, 2.0]), ingested_at=0)

    assert lake.upsert(TABLE, rows(schema_hash="other", a=[1.0, 2.0]), ingested_at=1).written == 2
    assert lake.history(TABLE)[0]["operation"] == "WRITE"


@pytest.mark.parametrize("column", [{"a": ["text", "x"]}, {"a": [1, 2]}, {"flag": [True, False]}])
def test_other_columns_are_refused(tmp_path, column):
    with pytest.raises(SchemaViolation, match="unknown column"):
        Lake(tmp_path).append(TABLE, rows(**column), ingested_at=0)


def test_no_other_table_is_open():
    assert [name for name, table in TABLES.items() if table.open_ended] == ["feature_snapshots_main", TABLE]


def test_a_number_that_is_none_and_a_mask_that_lies_are_quarantined(tmp_path):
    lake = Lake(tmp_path)
    report = lake.append(TABLE, rows(4, a=[1.0, float("nan"), None, 2.0], m_a=[True, True, True, False]), ingested_at=0)

    assert (report.written, report.quarantined) == (1, 3)
    assert sorted(lake.read("quarantine")["reason"].to_list()) == ["a is NaN", "m_a contradicts a", "m_a contradicts a"]


def test_reading_a_column_nobody_wrote_says_so(tmp_path):
    lake = Lake(tmp_path)
    lake.append(TABLE, rows(a=[1.0, 2.0]), ingested_at=0)

    with pytest.raises(UnknownName, match="zzz"):
        lake.read(TABLE, columns=["zzz"])
