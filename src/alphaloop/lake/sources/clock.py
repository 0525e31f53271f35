"""Clocks: whatever a file calls time, as microseconds UTC.

One rule for each kind of value, applied row by row, so a file may change its unit half way
(Binance spot archives went from milliseconds to microseconds in 2025):

* whole or fractional numbers name their unit by their size, see ``UNITS``; the ranges do
  not touch, each covers the years 1973 to 2255 at least; eight digits such as 20250131 are a date;
* text is ISO 8601 (date, or date and time, with or without zone), the two forms of mail
  headers and of Twitter, or one of the numbers above;
* a date or time without a zone is UTC; a zone is converted.

A value that fits none is null here, and the lake refuses its row; a column in which no
value fits raises. Nothing here knows what the time is the time of.
"""

import polars as pl

from alphaloop.core.errors import AmbiguousTime

TIME = pl.Datetime("us", "UTC")
UNITS = {
    "s": (10**8, 10**10, 1_000_000.0),
    "ms": (10**11, 10**13, 1_000.0),
    "us": (10**14, 10**16, 1.0),
    "ns": (10**17, 9 * 10**18, 0.001),
}
"""Unit to the values it covers, ``[low, high)``, and its microseconds."""

_CALENDAR = (19000101, 21001232)
_ISO = (
    r"^(\d{4})[-/](\d{2})[-/](\d{2})"
    r"(?:[T ]+(\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?"
    r"\s*(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$"
)
_OTHER_FORMS = ("%a, %d %b %Y %H:%M:%S %z", "%a %b %d %H:%M:%S %z %Y")


def read_times(values: pl.Series) -> pl.Series:
    """The column as ``Datetime("us", "UTC")``; null where a value is no time.

    Parameters
    ----------
    values : polars Series of datetimes, dates, numbers or text

    Raises
    ------
    AmbiguousTime
        If the column holds values and none of them is a time.

    Examples
    --------
    >>> mixed = pl.Series("ts", [1735689600, 1735689600000, 1735689600000000])
    >>> read_times(mixed).n_unique()
    1
    >>> read_times(pl.Series(["2025-01-01T02:00:00+02:00"])).dt.to_string()[0]
    '2025-01-01 00:00:00.000000+00:00'
    """
    times = _convert(values)
    if times.null_count() == len(times) and values.null_count() < len(values):
        sample = values.drop_nulls()[0]
        raise AmbiguousTime(
            f"column '{values.name}' with values like {sample!r}",
            "ISO text, a date, or seconds, milliseconds, microseconds or nanoseconds since 1970 (1973 or later)",
            "convert the column, or name it something other than a time",
        )
    return times


def units_of(values: pl.Series) -> dict[str, int]:
    """How many values of a numeric column speak each unit; empty for other columns.

    Examples
    --------
    >>> units_of(pl.Series([1735689600, 1735689600000]))
    {'s': 1, 'ms': 1}
    """
    if not values.dtype.is_numeric():
        return {}
    counts = {unit: int(values.is_between(low, high, closed="left").sum()) for unit, (low, high, _) in UNITS.items()}
    return {unit: count for unit, count in counts.items() if count}


def looks_like_time(values: pl.Series) -> bool:
    """Whether every value present is a time by the rules above."""
    try:
        times = read_times(values)
    except AmbiguousTime:
        return False
    return times.null_count() == values.null_count() < len(values)


def _convert(values: pl.Series) -> pl.Series:
    dtype = values.dtype
    if isinstance(dtype, pl.Datetime):
        zoned = values if dtype.time_zone else values.dt.replace_time_zone("UTC")
        return zoned.dt.convert_time_zone("UTC").dt.cast_time_unit("us")
    if dtype == pl.Date:
        return values.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if dtype.is_integer():
        return _from_integers(values.cast(pl.Int64, strict=False))
    if dtype.is_numeric():
        return _from_numbers(values.cast(pl.Float64))
    if dtype in (pl.String, pl.Categorical, pl.Enum):
        return _from_text(values.cast(pl.String).str.strip_chars())
    return pl.Series(values.name, [None] * len(values), dtype=TIME)


def _from_integers(values: pl.Series) -> pl.Series:
    """Exact: no float on the way, because 2e18 nanoseconds do not fit in 53 bits."""
    value = pl.col(values.name)
    steps = {"s": value * 1_000_000, "ms": value * 1_000, "us": value, "ns": value // 1_000}
    instant = pl.coalesce(
        pl.when(value.is_between(low, high, closed="left")).then(steps[unit]) for unit, (low, high, _) in UNITS.items()
    )
    return _finish(values, instant, value.is_between(*_CALENDAR, closed="left"), value.cast(pl.String))


def _from_numbers(values: pl.Series) -> pl.Series:
    value = pl.col(values.name)
    instant = pl.coalesce(
        pl.when(value.is_between(low, high, closed="left")).then((value * factor).round().cast(pl.Int64, strict=False))
        for unit, (low, high, factor) in UNITS.items()
    )
    digits = value.cast(pl.Int64, strict=False).cast(pl.String)
    return _finish(values, instant, value.is_between(*_CALENDAR, closed="left"), digits)


def _finish(values: pl.Series, instant: pl.Expr, is_calendar: pl.Expr, digits: pl.Expr) -> pl.Series:
    frame = values.to_frame()
    times = frame.select(instant.cast(pl.Datetime("us")).dt.replace_time_zone("UTC").alias(values.name))
    if not frame.select(is_calendar.any()).item():
        return times.to_series()
    days = pl.when(is_calendar).then(digits).str.to_date("%Y%m%d", strict=False)
    dates = frame.select(days.cast(pl.Datetime("us")).dt.replace_time_zone("UTC").alias(values.name))
    return times.to_series().zip_with(dates.to_series().is_null(), dates.to_series())


def _from_text(values: pl.Series) -> pl.Series:
    numeric = values.str.contains(r"^\d+(\.0*)?$")
    if numeric.all(ignore_nulls=True) and numeric.null_count() < len(numeric):
        return _from_integers(values.str.replace(r"\.0*$", "").cast(pl.Int64, strict=False))
    times = _from_iso(values)
    missing = times.is_null() & values.is_not_null()
    if not missing.any():
        return times
    numbers = values.str.extract(r"^(\d+(?:\.\d*)?)$").cast(pl.Float64, strict=False)
    times = times.zip_with(times.is_not_null(), _from_numbers(numbers))
    for form in _OTHER_FORMS:
        parsed = values.str.to_datetime(form, time_unit="us", strict=False, exact=True)
        times = times.zip_with(times.is_not_null(), _convert(parsed))
    return times


def _from_iso(values: pl.Series) -> pl.Series:
    name = values.name
    parts = pl.col(name).str.extract_groups(_ISO).struct
    field = {key: parts.field(str(index + 1)) for index, key in enumerate(("y", "mo", "d", "h", "mi", "s", "f", "z"))}
    day = pl.concat_str([field["y"], field["mo"], field["d"]]).str.to_date("%Y%m%d", strict=False)
    hour, minute, second = (field[key].cast(pl.Int64).fill_null(0) for key in ("h", "mi", "s"))
    micros = field["f"].fill_null("0").str.pad_end(6, "0").str.slice(0, 6).cast(pl.Int64)
    zone = field["z"].str.replace(":", "").fill_null("Z")
    sign = pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
    zone_hours = zone.str.extract(r"^[+-](\d{2})").cast(pl.Int64).fill_null(0)
    zone_minutes = zone.str.extract(r"^[+-]\d{2}(\d{2})$").cast(pl.Int64).fill_null(0)
    seconds = (hour - sign * zone_hours) * 3600 + (minute - sign * zone_minutes) * 60 + second
    instant = day.cast(pl.Datetime("us")).cast(pl.Int64) + seconds * 1_000_000 + micros
    sane = (hour < 24) & (minute < 60) & (second < 60) & (zone_hours < 15) & (zone_minutes < 60)
    expression = pl.when(sane).then(instant).cast(pl.Datetime("us")).dt.replace_time_zone("UTC").alias(name)
    return values.to_frame().select(expression).to_series()
