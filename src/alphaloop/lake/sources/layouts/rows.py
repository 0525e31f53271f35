"""Rows: what every layout does alike - whose row it is, how long its bucket is, who says so.

Flags of the caller go before columns of the file, columns before its name. A flag that
would melt several symbols or venues into one is refused.
"""

import polars as pl

from alphaloop.core.errors import AlphaloopError, InvalidOption, SchemaViolation, UnknownLayout
from alphaloop.core.time import HOUR_US, Timeframe
from alphaloop.lake.sources.columns import Sheet
from alphaloop.lake.sources.names import plain_symbol

Value = pl.Series | pl.Expr | str | float | bool | None
LOCAL = "local"
FEW_STEPS = 10  # fewer may all be holes
EVEN_STEPS = 4  # as many equal steps are a length of their own, not holes


def lake_rows(sheet: Sheet, **columns: Value) -> pl.DataFrame:
    """One row per row of the sheet with the given columns and provenance: a real row unless told."""
    told = {"source": sheet.sources(), "is_synthetic": False, "is_derived": False, **columns}
    given = {name: value if isinstance(value, pl.Series | pl.Expr) else pl.lit(value) for name, value in told.items()}
    return sheet.frame.with_columns(**given).select(*given)


def symbols(sheet: Sheet) -> pl.Series:
    """Symbol of each row.

    Raises
    ------
    UnknownLayout
        If neither flag, column nor name says it.
    InvalidOption
        If a flag names one symbol and the file holds several.
    """
    found = sheet.symbols()
    flag = sheet.origin.flags.symbol
    if flag is not None:
        _refuse_melting(sheet, found, "symbol", flag)
        return _constant("symbol", plain_symbol(flag), sheet)
    if found is not None:
        return found
    if sheet.origin.name.symbol is None:
        raise UnknownLayout(f"{sheet.origin.file}: no symbol in its columns or its name", "one", "pass --symbol")
    return _constant("symbol", sheet.origin.name.symbol, sheet)


def venues(sheet: Sheet, symbol: pl.Series) -> pl.Series:
    """Venue of each row, lower case; ``local`` if nothing tells."""
    flag, name = sheet.origin.flags.venue, sheet.origin.name
    found = sheet.text("venue").str.to_lowercase() if sheet.has("venue") else None
    if flag is not None:
        _refuse_melting(sheet, found, "venue", flag)
        return _constant("venue", flag.strip().lower(), sheet)
    if found is not None:
        return found.fill_null(LOCAL)
    if name.stocks:
        return _constant("venue", name.stocks, sheet)
    spot = "-spot" if name.market == "spot" else ""
    if name.venue is not None:
        return _constant("venue", name.venue + spot, sheet)
    is_usdt = symbol.str.ends_with("USDT").fill_null(False)
    return is_usdt.replace_strict({True: f"binance{spot}", False: LOCAL}, return_dtype=pl.String).alias("venue")


def timeframes(sheet: Sheet, times: pl.Series, *groups: pl.Series) -> pl.Series:
    """Bucket length of each row, as stated or as measured; the two must agree.

    Stated and measured agree if the stated length is the median or the smallest step between
    neighbouring open times of one series, so holes and single stray bars do not matter; a
    handful of bars may also be nothing but holes, as long as they are not evenly spaced.

    Raises
    ------
    SchemaViolation
        If data and statement disagree.
    UnknownLayout
        If nothing is stated and there are fewer than two rows to measure.
    """
    if sheet.origin.flags.timeframe is None and sheet.has("timeframe"):
        return sheet.text("timeframe").alias("timeframe")
    stated = sheet.origin.flags.timeframe or sheet.origin.name.timeframe
    length = Timeframe.parse(stated).us if stated is not None else None
    steps = step_lengths(times, *groups)
    if not len(steps):
        if length is None:
            raise UnknownLayout(f"{sheet.origin.file}: no timeframe, and one bar a series", "one", "pass --timeframe")
        return _constant("timeframe", str(Timeframe(length)), sheet)
    median = int(steps.sort()[(len(steps) - 1) // 2])
    if length is not None and length != median and not _may_be_holed(length, steps):
        raise SchemaViolation(
            f"{sheet.origin.file}: bars {Timeframe(median)} apart, stated {stated}",
            "name or flag and data to agree",
            "pass --timeframe or rename the file",
        )
    return _constant("timeframe", str(Timeframe(length or median)), sheet)


def step_lengths(times: pl.Series, *groups: pl.Series) -> pl.Series:
    """Positive steps in microseconds between neighbouring times of each series, any order."""
    names = [f"group{index}" for index in range(len(groups))]
    varying = [(name, group) for name, group in zip(names, groups, strict=True) if group.n_unique() > 1]
    frame = pl.DataFrame({"time": times.to_physical(), **dict(varying)})
    keys = [name for name, _ in varying]
    if keys or not times.is_sorted():
        frame = frame.sort(*keys, "time")
    step = pl.col("time").diff()
    step = step.over(keys) if keys else step
    steps = frame.select(step).to_series()
    return steps.filter(steps > 0)


def step_hours(times: pl.Series, *groups: pl.Series) -> pl.Series:
    """The most frequent step of each row's series in whole hours; null for a lone row."""
    keys = [f"group{index}" for index in range(len(groups))]
    frame = pl.DataFrame({"time": times.to_physical(), **dict(zip(keys, groups, strict=True))}).with_row_index()
    frame = frame.sort(*keys, "time")
    hours = ((pl.col("time").diff().over(keys) if keys else pl.col("time").diff()) / HOUR_US).round()
    frame = frame.with_columns(hours=pl.when(hours > 0).then(hours))
    usual = pl.col("hours").drop_nulls().mode().min()
    frame = frame.with_columns(hours=usual.over(keys) if keys else usual)
    return frame.sort("index")["hours"]


def bucket_end(times: pl.Series, lengths: pl.Series) -> pl.Series:
    """When each bucket is over: its start plus its length."""
    known: dict[str | None, int | None] = {}
    for text in lengths.unique():
        known[text] = _length(text)
    us = lengths.replace_strict(known, return_dtype=pl.Int64)
    return (times.to_physical() + us).cast(times.dtype).alias("available_at")


def known_at(sheet: Sheet, otherwise: pl.Series) -> pl.Series:
    """The file's own time of knowledge where it has one, else the rule of the table."""
    if not sheet.has("available_at"):
        return otherwise.alias("available_at")
    stated = sheet.time("available_at")
    return stated.zip_with(stated.is_not_null(), otherwise.alias("time")).alias("available_at")


def _may_be_holed(length: int, steps: pl.Series) -> bool:
    if int(steps.min()) == length:  # type: ignore[arg-type]
        return True
    is_even = len(steps) >= EVEN_STEPS and steps.n_unique() == 1
    return len(steps) < FEW_STEPS and not is_even and bool((steps % length == 0).all())


def _length(text: str | None) -> int | None:
    try:
        return None if text is None else Timeframe.parse(text).us
    except AlphaloopError:
        return None  # the lake refuses the row: "timeframe is not understood"


def _constant(name: str, value: str, sheet: Sheet) -> pl.Series:
    return pl.Series(name, [value], dtype=pl.String).new_from_index(0, sheet.frame.height)


def _refuse_melting(sheet: Sheet, found: pl.Series | None, what: str, flag: str) -> None:
    if found is not None and found.drop_nulls().n_unique() > 1:
        raise InvalidOption(
            f"--{what} {flag} for {sheet.origin.file}, which holds {found.n_unique()} of them",
            f"no --{what}, or a file with one",
            "leave the flag out",
        )
