"""Every way a file can write a time gives the same instant, or says why not."""

from datetime import UTC, date, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphaloop.core.errors import AmbiguousTime
from alphaloop.lake.sources.clock import TIME, looks_like_time, read_times, units_of

NEW_YEAR_US = 1_735_689_600_000_000


def us(values: list[object], dtype: object = None) -> list[int | None]:
    """The column read, as microseconds."""
    return read_times(pl.Series("ts", values, dtype=dtype)).to_physical().to_list()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value",
    [
        1735689600,
        1735689600_000,
        1735689600_000_000,
        1735689600_000_000_000,
        1735689600.0,
        1735689600000.0,
        "1735689600",
        " 1735689600000 ",
        "1735689600.0",
        "2025-01-01",
        "2025/01/01",
        "2025-01-01 00:00",
        "2025-01-01T00:00:00",
        "2025-01-01T00:00:00Z",
        "2025-01-01 00:00:00 UTC",
        "2025-01-01T00:00:00.000000",
        "2025-01-01 02:00:00+02:00",
        "2024-12-31T19:30:00-0430",
        "Wed, 01 Jan 2025 00:00:00 +0000",
        "Wed Jan 01 01:00:00 +0100 2025",
        20250101,
        "20250101",
        date(2025, 1, 1),
        datetime(2025, 1, 1),  # noqa: DTZ001 - naive is what is tested
        datetime(2025, 1, 1, tzinfo=UTC),
        datetime(2025, 1, 1, 9, tzinfo=timezone(timedelta(hours=9))),
    ],
)
def test_one_instant_in_many_clothes(value: object) -> None:
    assert us([value]) == [NEW_YEAR_US]


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_typed_columns_of_any_unit_and_zone(unit: str) -> None:
    naive = pl.Series("ts", [datetime(2025, 1, 1)], dtype=pl.Datetime(unit))  # type: ignore[arg-type] # noqa: DTZ001
    zoned = naive.dt.replace_time_zone("America/New_York")

    assert read_times(naive).to_physical().to_list() == [NEW_YEAR_US]
    assert read_times(zoned).to_physical().to_list() == [NEW_YEAR_US + 5 * 3_600_000_000]
    assert read_times(zoned).dtype == TIME


def test_units_may_change_half_way() -> None:
    mixed = [1735689600_000, 1735689600_000_000, 1735689600]

    assert us(mixed) == [NEW_YEAR_US] * 3
    assert units_of(pl.Series(mixed)) == {"s": 1, "ms": 1, "us": 1}


def test_nanoseconds_keep_their_microseconds() -> None:
    assert us([1723161255030314123]) == [1723161255030314]


def test_fractions_of_a_second_are_kept() -> None:
    assert us([1735689600.25]) == [NEW_YEAR_US + 250_000]
    assert us(["2025-01-01T00:00:00.123456789Z"]) == [NEW_YEAR_US + 123_456]


def test_what_is_no_time_is_null_and_the_rest_is_read() -> None:
    values = ["2025-01-01", "yesterday", "2025-13-01", "2025-02-30", "2025-01-01 25:00", "01/02/2025", "12", None]

    assert us(values) == [NEW_YEAR_US, None, None, None, None, None, None, None]
    assert us([1735689600, 0, -5, 12]) == [NEW_YEAR_US, None, None, None]


@pytest.mark.parametrize("values", [["soon", "later"], [1, 2, 3], [True, False]])
def test_a_column_without_any_time_is_refused(values: list[object]) -> None:
    with pytest.raises(AmbiguousTime, match="column 'ts'"):
        us(values)


def test_an_empty_column_is_no_error() -> None:
    assert us([None, None], pl.String) == [None, None]


def test_telling_times_from_prices() -> None:
    assert looks_like_time(pl.Series([1735689600, 1735689900]))
    assert not looks_like_time(pl.Series([93576.0, 93600.5]))


@given(
    st.datetimes(min_value=datetime(1973, 6, 1), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001
    st.integers(min_value=-14 * 60, max_value=14 * 60),
)
def test_zones_cancel_out(moment: datetime, offset: int) -> None:
    moment = moment.replace(tzinfo=UTC)
    expected = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    local = moment.astimezone(timezone(timedelta(minutes=offset)))

    assert us([local.isoformat()]) == [expected]
    assert us([local.isoformat(sep=" ")]) == [expected]
    assert us([expected]) == [expected]
