"""Rows for the lake: only bars that exist, null where unknown, and the way back."""

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from alphaloop.core.errors import InvalidOption
from alphaloop.core.time import MINUTE_US
from alphaloop.features.contract import Schema
from alphaloop.features.frame import TABLE, snapshots, wide
from alphaloop.features.matrix import compute_arrays
from alphaloop.lake.schema import TABLES
from alphaloop.lake.table import Lake
from tests.features.builders import market, random_market, tape

SCHEMA = Schema(["close", "ret_1"])


def test_rows_are_the_tables_own_columns():
    frame = snapshots(random_market(0, 5), SCHEMA, source="test")

    expected = {name: kind for name, kind in TABLES[TABLE].dtypes.items() if name != "ingested_at"}
    assert dict(frame.schema) == expected


def test_an_absent_bar_has_no_row_and_an_unknown_value_is_null():
    holed = tape([10, 11, 12])
    holed[1] = np.nan
    frame = snapshots(market(holed, tape([5, 5, 5])), SCHEMA, source="test", synthetic=True)

    assert frame["symbol"].to_list() == ["A", "A", "B", "B", "B"]
    assert frame["values"].to_list()[:2] == [[10.0, None], [12.0, pytest.approx(0.2)]]
    assert frame["mask"].to_list()[0] == [True, False]
    assert frame.row(1, named=True)["event_time"] == datetime(1970, 1, 1, 0, 10, tzinfo=UTC)
    assert frame.row(1, named=True)["available_at"] == datetime(1970, 1, 1, 0, 15, tzinfo=UTC)
    assert frame["is_derived"].all()
    assert frame["is_synthetic"].all()


def test_wide_holds_the_matrix_again():
    source = random_market(1, 40, holes=0.2)
    frame = wide(snapshots(source, SCHEMA, source="test"), SCHEMA)
    values, _ = compute_arrays(source, SCHEMA)

    got = frame.filter(pl.col("symbol") == "B").select("close", "ret_1").to_numpy()

    present = ~np.isnan(values[:, 1, 0])
    assert np.array_equal(got, values[present, 1], equal_nan=True)


def test_wide_refuses_rows_of_another_schema():
    frame = snapshots(random_market(1, 4), SCHEMA, source="test")

    with pytest.raises(InvalidOption, match="schema"):
        wide(frame, Schema(["close"]))


def test_an_empty_schema_makes_no_rows():
    with pytest.raises(InvalidOption, match="without features"):
        snapshots(random_market(1, 4), Schema([]), source="test")


def test_the_lake_takes_the_rows_and_gives_them_back(tmp_path):
    lake = Lake(tmp_path)
    frame = snapshots(random_market(1, 30, holes=0.1), SCHEMA, source="test")

    first = lake.append(TABLE, frame, ingested_at=MINUTE_US)
    again = lake.append(TABLE, frame, ingested_at=2 * MINUTE_US)

    assert (first.written, first.quarantined, again.written, again.duplicate) == (len(frame), 0, 0, len(frame))
    assert lake.read(TABLE)["values"].to_list() == frame.sort("venue", "symbol", "event_time")["values"].to_list()
