from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphaloop.core.errors import AmbiguousTime, InvalidOption
from alphaloop.core.time import DAY_US, HOUR_US, MINUTE_US, SECOND_US, Timeframe, instant_us, iso


@pytest.mark.parametrize(
    ("text", "us"),
    [("30s", 30 * SECOND_US), ("5m", 5 * MINUTE_US), (" 1h ", HOUR_US), ("1d", DAY_US), ("1w", 7 * DAY_US)],
)
def test_parse(text, us):
    assert Timeframe.parse(text).us == us


@pytest.mark.parametrize("text", ["", "m", "0m", "-5m", "5", "5M", "5 m", "1.5h", "5min", "٥m"])
def test_parse_refuses(text):
    with pytest.raises(InvalidOption):
        Timeframe.parse(text)


@pytest.mark.parametrize("us", [0, -1])
def test_a_bar_has_a_length(us):
    with pytest.raises(InvalidOption):
        Timeframe(us)


@pytest.mark.parametrize(
    ("us", "text"), [(90 * SECOND_US, "90s"), (24 * HOUR_US, "1d"), (7, "7us"), (14 * DAY_US, "2w")]
)
def test_text_is_in_the_largest_unit_that_divides(us, text):
    assert str(Timeframe(us)) == text


@given(st.integers(1, 10**6), st.sampled_from("smhdw"))
def test_text_reads_back(count, unit):
    frame = Timeframe.parse(f"{count}{unit}")

    assert Timeframe.parse(str(frame)) == frame


@given(st.integers(-(10**18), 10**18), st.integers(1, 10**12))
def test_floor_is_the_open_of_the_bar_that_holds_the_instant(instant, us):
    floor = Timeframe(us).floor(instant)

    assert floor % us == 0
    assert floor <= instant < floor + us


@given(st.integers(-500, 500), st.integers(-500, 500), st.integers(1, 50))
def test_expected_counts_the_opens_inside(start, end, us):
    assert Timeframe(us).expected(start, end) == len([t for t in range(start, end) if t % us == 0])


def test_bars_in_a_year():
    assert Timeframe.parse("1h").per_year == 8760.0


@pytest.mark.parametrize(
    ("value", "us"),
    [
        (17, 17),
        ("1970-01-02", DAY_US),
        ("1970-01-01T00:00:00.000001", 1),
        ("1970-01-01T02:00:00+02:00", 0),
        ("1969-12-31T23:59:59Z", -SECOND_US),
        (datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), 0),
        (datetime(2262, 4, 11, 23, 47, 16, 854775, tzinfo=UTC), 9223372036854775),
    ],
)
def test_instants(value, us):
    assert instant_us(value) == us


@pytest.mark.parametrize("value", ["", "yesterday", "2025-13-01", datetime(2025, 1, 1)])  # noqa: DTZ001
def test_instants_that_cannot_be_told(value):
    with pytest.raises(AmbiguousTime):
        instant_us(value)


def test_a_date_in_text_begins_at_midnight_utc():
    assert instant_us(date(2025, 1, 31).isoformat()) == instant_us("2025-01-31T00:00:00Z")


@given(st.integers(instant_us("0001-01-02"), instant_us("9999-12-30")))
def test_iso_reads_back(instant):
    assert instant_us(iso(instant)) == instant


def test_iso_shows_fractions_only_where_there_are_any():
    assert (iso(0), iso(1_500_000)) == ("1970-01-01T00:00:00Z", "1970-01-01T00:00:01.500000Z")
