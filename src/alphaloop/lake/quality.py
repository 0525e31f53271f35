"""What a row must satisfy to be a fact, and how a frame is brought to its declared shape.

Wrong columns or types are the caller's mistake and raise. Wrong values are the world's:
each offending row is set aside with every reason that applies, and the others go on.
The checks know one row at a time; duplicates and gaps are looked for elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from alphaloop.core.errors import InvalidOption, SchemaViolation
from alphaloop.core.time import Timeframe, instant_us
from alphaloop.lake.columns import MASK, TIME, Column, TableSchema

TAKER_TOLERANCE = 1e-9  # relative: sums of floats may exceed the whole by rounding
REASON = "reason"
LATEST_US = instant_us("2201-01-01")


@dataclass(frozen=True, slots=True)
class Rule:
    """One way a row can be wrong. ``broken`` is true where it is; null counts as kept."""

    reason: str
    broken: pl.Expr


def conform(frame: pl.DataFrame, schema: TableSchema, ingested_at: int) -> pl.DataFrame:
    """The frame with exactly the declared columns and types, stamped ``ingested_at``.

    Absent nullable columns become null; an absent ``available_at`` becomes the end of the
    bucket where the table has a timeframe. Integers widen to floats and times of any unit
    to microseconds (integers are read as microseconds); nothing else is converted.

    Raises
    ------
    SchemaViolation
        If a column is missing, unknown, or of a type that does not convert without loss.

    Examples
    --------
    >>> from alphaloop.lake.schema import TABLES
    >>> conform(pl.DataFrame({"price": [1.0]}), TABLES["events"], 0)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    alphaloop.core.errors.SchemaViolation: found events with unknown column price; expected columns event_time, ...
    """
    schema = schema.widened(frame.schema)
    declared = set(schema.names)
    unknown = [name for name in frame.columns if name not in declared]
    if unknown:
        raise SchemaViolation(
            f"{schema.name} with unknown column {', '.join(unknown)}",
            f"columns {', '.join(schema.names)}",
            "rename or drop it",
        )
    frame = _with_available_at(frame, schema).with_columns(ingested_at=pl.lit(ingested_at, pl.Int64).cast(TIME))
    given = set(frame.columns)
    missing = [one.name for one in schema.columns if one.name not in given and not one.nullable]
    if missing:
        raise SchemaViolation(
            f"{schema.name} without column {', '.join(missing)}", f"columns {', '.join(schema.names)}", "add it"
        )
    found = frame.schema  # asked once: hundreds of columns of a wide table each look themselves up
    return frame.select(_converted(found, one, schema.name) for one in schema.columns)


def _with_available_at(frame: pl.DataFrame, schema: TableSchema) -> pl.DataFrame:
    has = set(frame.columns)
    if "available_at" in has or schema.cadence != "timeframe" or not {"timeframe", "event_time"} <= has:
        return frame
    opened = _converted(frame.schema, schema.column("event_time"), schema.name)
    frame = frame.with_columns(_converted(frame.schema, schema.column("timeframe"), schema.name))
    return frame.with_columns(available_at=opened + length_us(frame).cast(pl.Duration("us")))


def _converted(columns: Mapping[str, pl.DataType], column: Column, table: str) -> pl.Expr:
    if column.name not in columns:
        return pl.lit(None, column.dtype).alias(column.name)
    found, wanted = columns[column.name], column.dtype
    if found == wanted:
        return pl.col(column.name)
    if found == pl.Null or _widens(found, wanted):
        return pl.col(column.name).cast(wanted)
    raise SchemaViolation(
        f"{table}.{column.name} of type {found}", f"{wanted}", "convert the column; times need a zone (UTC)"
    )


def _widens(found: pl.DataType, wanted: pl.DataType) -> bool:
    """Whether every value of one type has the same meaning in the other."""
    if wanted == TIME:
        return found == pl.Int64 or (isinstance(found, pl.Datetime) and found.time_zone is not None)
    if isinstance(wanted, pl.List) and isinstance(found, pl.List | pl.Array):
        inner = found.inner
        return inner == wanted.inner or inner == pl.Null or (inner.is_numeric() and wanted.inner.is_float())
    if wanted == pl.Float64:
        return found.is_numeric()
    if wanted == pl.Int64:
        return found.is_integer() and found != pl.UInt64
    return wanted == pl.String and isinstance(found, pl.Categorical | pl.Enum)


def length_us(frame: pl.DataFrame) -> pl.Expr:
    """Bucket length of each row in microseconds; null where the timeframe is not understood."""
    lengths = {text: bucket_us(text) for text in frame["timeframe"].unique().to_list()}
    return pl.col("timeframe").replace_strict(lengths, return_dtype=pl.Int64)


def bucket_us(text: str | None) -> int | None:
    """Length of a timeframe in microseconds; none where there is none or it is not understood."""
    if text is None:
        return None
    try:
        return Timeframe.parse(text).us
    except InvalidOption:
        return None


def inspect(frame: pl.DataFrame, schema: TableSchema) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part a conformed frame into good rows and refused rows, the latter with a ``reason``.

    Examples
    --------
    >>> from alphaloop.lake.schema import TABLES
    >>> row = {"venue": "binance", "symbol": "X", "event_time": 0, "available_at": 0, "rate": 1e-4,
    ...        "interval_hours": 8.0, "source": "doc", "is_synthetic": False, "is_derived": False}
    >>> frame = conform(pl.DataFrame([row, row | {"rate": float("nan"), "symbol": ""}]), TABLES["funding_rates"], 0)
    >>> good, bad = inspect(frame, TABLES["funding_rates"])
    >>> good.height, bad["reason"].to_list()
    (1, ['symbol is empty; rate is NaN'])
    """
    checks = rules(schema, frame)
    found = frame.select(rule.broken.any().alias(str(i)) for i, rule in enumerate(checks))  # of null, nothing is known
    broken = [int(name) for name, hit in found.row(0, named=True).items() if hit]
    if frame.is_empty() or not broken:
        return frame, frame.clear().with_columns(pl.lit(None, pl.String).alias(REASON))
    hits = frame.select(checks[i].broken.fill_null(False).alias(str(i)) for i in broken)
    bad = hits.select(pl.any_horizontal(pl.all())).to_series()
    names = [pl.when(pl.col(str(i))).then(pl.lit(checks[i].reason)) for i in broken]
    why = hits.select(pl.concat_str(names, separator="; ", ignore_nulls=True).alias(REASON)).to_series()
    return frame.filter(~bad), frame.with_columns(why).filter(bad)


def rules(schema: TableSchema, frame: pl.DataFrame) -> list[Rule]:
    """Every rule of one table: those of its columns, of its two times, and of its kind."""
    found = [rule for column in schema.columns for rule in _column_rules(column, column.name in schema.key)]
    if "available_at" in schema.names:
        found.append(Rule("available_at before event_time", pl.col("available_at") < pl.col("event_time")))
    if schema.cadence == "timeframe":
        found += _timeframe_rules(schema, frame)
    return found + _SPECIFIC.get(schema.name, []) + _mask_rules(schema)


def _column_rules(column: Column, in_key: bool) -> list[Rule]:
    name, value, found = column.name, pl.col(column.name), []
    if not column.nullable:
        found.append(Rule(f"{name} is null", value.is_null()))
    if column.dtype == pl.String and in_key:
        found.append(Rule(f"{name} is empty", value == ""))
    if column.dtype == pl.Float64:
        found += [Rule(f"{name} is NaN", value.is_nan()), Rule(f"{name} is infinite", value.is_infinite())]
        value = value.fill_nan(None)
    if isinstance(column.dtype, pl.List) and name != "latent":
        wrong = ~(value.list.eval(pl.element().is_finite() & (pl.element() >= 0)).list.all())
        found.append(Rule(f"{name} holds a negative or non-finite level", wrong))
    if column.dtype == TIME:
        found.append(Rule(f"{name} after the year 2200, as of a wrong unit", value.to_physical() > LATEST_US))
    if column.bound == "positive":
        found.append(Rule(f"{name} is zero or negative", value <= 0))
    if column.bound == "nonnegative":
        found.append(Rule(f"{name} is negative", value < 0))
    return found


def _timeframe_rules(schema: TableSchema, frame: pl.DataFrame) -> list[Rule]:
    length = length_us(frame)
    closes = pl.col("event_time") + length.cast(pl.Duration("us"))
    found = [Rule("timeframe is not understood", pl.col("timeframe").is_not_null() & length.is_null())]
    if schema.name in ("market_bars", "prices"):
        found.append(Rule("available_at before the bar closed", pl.col("available_at") < closes))
    return found


def _mask_rules(schema: TableSchema) -> list[Rule]:
    """A mask says of its value whether it is there, and every value of an open-ended table has one."""
    if not schema.open_ended:
        return []
    masks = [column.name for column in schema.columns if column.name.startswith(MASK)]
    return [
        Rule(
            f"{mask} contradicts {mask.removeprefix(MASK)}",
            pl.col(mask) != pl.col(mask.removeprefix(MASK)).is_not_null(),
        )
        for mask in masks
        if mask.removeprefix(MASK) in schema.names
    ]


def _candle_rules() -> list[Rule]:
    opened, high, low, close = (pl.col(name).fill_nan(None) for name in ("open", "high", "low", "close"))
    body = [opened, close]
    return [
        Rule("high below low", high < low),
        Rule("high below open or close", high < pl.max_horizontal(body)),
        Rule("low above open or close", low > pl.min_horizontal(body)),
    ]


def _part_of(part: str, whole: str) -> Rule:
    return Rule(f"{part} above {whole}", pl.col(part) > pl.col(whole) * (1 + TAKER_TOLERANCE))


def _same_length(one: str, other: str) -> Rule:
    return Rule(f"{one} and {other} of different length", pl.col(one).list.len() != pl.col(other).list.len())


_SPECIFIC = {
    "market_bars": [
        *_candle_rules(),
        _part_of("taker_buy_volume", "volume"),
        _part_of("taker_buy_quote_volume", "quote_volume"),
    ],
    "prices": _candle_rules(),
    "orderbook_l2": [_same_length("bid_price", "bid_qty"), _same_length("ask_price", "ask_qty")],
    "events": [Rule("confidence above 1", pl.col("confidence") > 1)],
    "open_interest": [
        Rule("neither oi_base nor oi_usd", pl.col("oi_base").is_null() & pl.col("oi_usd").is_null()),
    ],
}
