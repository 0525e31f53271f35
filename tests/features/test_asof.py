"""As-of rows against DuckDB's and polars' joins, ties, emptiness, and order."""

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.core.errors import UnsortedData
from alphaloop.features.asof import as_of, gather, newest

instants = st.lists(st.integers(-50, 50), max_size=40).map(sorted).map(lambda found: np.array(found, dtype=np.int64))

SHAPES = ((700, 900), (100, 900), (20, 900), (900, 100), (9000, 20), (3000, 100), (9000, 900))


def by_duckdb(available, now, sign):
    """Newest row by ``ASOF JOIN``; of rows known at once the last, as the join keeps any of them."""
    rows = pl.DataFrame({"known": available, "row": np.arange(len(available))}).group_by("known").agg(pl.max("row"))
    asked = pl.DataFrame({"place": np.arange(len(now)), "instant": now})
    assert rows.height <= len(available)
    assert asked.height == len(now)
    with duckdb.connect(":memory:") as session:
        session.register("rows", rows.to_arrow())
        session.register("asked", asked.to_arrow())
        join = f"from asked asof left join rows on asked.instant {sign} rows.known order by place"
        answer = session.sql(f"select coalesce(row, -1) as row {join}").fetchnumpy()
    return answer["row"].tolist()


@given(available=instants, now=instants)
@settings(deadline=None)
def test_as_polars_joins(available, now):
    right = pl.DataFrame({"at": available, "row": np.arange(len(available))}, schema={"at": pl.Int64, "row": pl.Int64})
    left = pl.DataFrame({"at": now}, schema={"at": pl.Int64})

    for strict in (False, True):
        joined = left.join_asof(right, on="at", strategy="backward", allow_exact_matches=not strict)
        assert as_of(available, now, strict=strict).tolist() == joined["row"].fill_null(-1).to_list()


@pytest.mark.parametrize(
    ("rows", "instants"), [(700, 900), (20, 900), (900, 100), (9000, 20), (3000, 100), (9000, 900)]
)
def test_as_duckdb_joins(rows, instants):
    rng = np.random.default_rng(rows)
    available, now = np.sort(rng.integers(0, 900, rows)), np.sort(rng.integers(-50, 1000, instants))

    assert as_of(available, now).tolist() == by_duckdb(available, now, ">=")
    assert as_of(available, now, strict=True).tolist() == by_duckdb(available, now, ">")


@pytest.mark.parametrize(("available", "now", "side"), [([2, 1], [5], "available_at"), ([1, 2], [5, 4], "now")])
def test_what_descends_is_refused(available, now, side):
    with pytest.raises(UnsortedData, match=f"{side} that descends at row 1"):
        as_of(np.array(available), np.array(now))


@pytest.mark.parametrize("instants", [1, 4, 20, 400])
@pytest.mark.parametrize("place", [1, 50, 99])
def test_disorder_anywhere_is_refused(instants, place):
    available = np.arange(100)
    available[place] = -1

    with pytest.raises(UnsortedData, match=f"available_at that descends at row {place}"):
        as_of(available, np.arange(instants))


@given(available=instants, now=instants, strict=st.booleans())
@settings(deadline=None)
def test_columns_of_the_rows_found(available, now, strict):
    found, columns = as_of(available, now, strict=strict), np.random.default_rng(0).random((3, len(available)))
    wanted = [[column[k] if k >= 0 else np.nan for k in found] for column in columns]

    np.testing.assert_array_equal(gather(found, columns), np.array(wanted).reshape(3, len(now)))


def test_nothing_known_and_nothing_asked():
    nothing = np.empty(0, dtype=np.int64)

    assert as_of(nothing, np.array([1, 2])).tolist() == [-1, -1]
    assert as_of(np.array([1]), nothing).tolist() == []
    assert np.isnan(newest(nothing, np.empty(0), np.array([3]))).all()


def test_values_and_their_age():
    values, age = newest(np.array([0, 7_200_000_000]), np.array([1.0, 2.0]), np.array([-1, 3_600_000_000, 10**10]))

    np.testing.assert_array_equal(values, [np.nan, 1.0, 2.0])
    np.testing.assert_allclose(age, [np.nan, 1.0, (10**10 - 7_200_000_000) / 3.6e9])
