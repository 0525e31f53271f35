"""Rows for the lake: one typed column per feature, null where unknown, and the way back."""

import numpy as np
import polars as pl
import pytest

from alphaloop.core.errors import InvalidOption
from alphaloop.core.time import MINUTE_US
from alphaloop.features.contract import Schema
from alphaloop.features.frame import MATRIX, SOURCE, arrays, narrowed
from alphaloop.features.matrix import compute
from alphaloop.lake.columns import BOOL, FLOAT
from alphaloop.lake.schema import TABLES
from alphaloop.lake.table import Lake
from tests.features.builders import bars_frame

SCHEMA = Schema(["close", "ret_1"])


def rows(closes=(10.0, 11.0, 13.2), schema=SCHEMA, **given):
    return compute({"market_bars": bars_frame(closes, **given)}, symbols=["A"], timeframe="5m", schema=schema)


def test_columns_are_the_tables_own_then_features_then_masks():
    declared = {name: kind for name, kind in TABLES[MATRIX].dtypes.items() if name != "ingested_at"}

    expected = declared | {"close": FLOAT, "ret_1": FLOAT, "m_close": BOOL, "m_ret_1": BOOL}
    assert dict(rows().schema) == expected


def test_an_unknown_value_is_null_and_its_mask_says_so():
    frame = rows()

    assert frame["ret_1"].to_list() == [None, pytest.approx(0.1), pytest.approx(0.2)]
    assert frame["m_ret_1"].to_list() == [False, True, True]
    assert frame["m_close"].to_list() == [True, True, True]


def test_provenance():
    frame = rows(synthetic=True)

    assert frame["is_synthetic"].to_list() == [True, True, True]
    assert frame["is_derived"].to_list() == [True, True, True]
    assert frame["source"].unique().to_list() == [SOURCE]
    assert frame["schema_hash"].unique().to_list() == [SCHEMA.hash]
    assert frame["available_at"].to_physical().to_list() == [5 * MINUTE_US, 10 * MINUTE_US, 15 * MINUTE_US]


def test_an_empty_schema_makes_no_rows():
    with pytest.raises(InvalidOption, match="without features"):
        rows(schema=Schema([]))


def test_arrays_are_the_numbers_again():
    values, mask = arrays(rows(), ["ret_1", "close"])

    np.testing.assert_allclose(values, [[np.nan, 10.0], [0.1, 11.0], [0.2, 13.2]])
    assert mask.tolist() == [[False, True], [True, True], [True, True]]


def test_arrays_of_several_schemas_are_refused():
    mixed = pl.concat([rows(), rows(schema=Schema(["ret_1", "close"]))], how="diagonal")

    with pytest.raises(InvalidOption, match="of schemas"):
        arrays(mixed, ["close"])


def test_the_lake_takes_the_rows_once_and_answers_in_sql(tmp_path):
    lake = Lake(tmp_path)

    first = lake.append(MATRIX, rows(), ingested_at=0)
    again = lake.append(MATRIX, rows(), ingested_at=9)

    assert (first.written, first.quarantined, again.written, again.duplicate) == (3, 0, 0, 3)
    assert lake.query(f"select avg(ret_1) from {MATRIX} where m_ret_1").item() == pytest.approx(0.15)


@pytest.mark.parametrize("names", [["ret_1"], ["ret_1", "close"], ["close"]])
def test_fewer_features_are_the_rows_their_own_schema_makes(names):
    few = Schema(names)

    assert narrowed(rows(), few).equals(rows(schema=few))
