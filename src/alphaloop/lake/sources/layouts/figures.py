"""Figures: funding, open interest, other derivative figures, and figures of the chain.

    funding_rates    time, rate [interval_hours]; candles in a file named funding hold the rate in ``open``
    open_interest    time, oi_base and/or oi_usd
    derivatives      Binance metrics archives: long-short and taker ratios, one row a figure
    onchain_signals  Coin Metrics columns, one row a figure; or symbol, metric, value

A settlement is known when it is published, open interest when it is measured. A daily
figure is known at the file's own time of completion (``eod_completed_at``), else when its
day is over. Wide rows become one row a figure; a figure that is null is not there. Columns
whose name ends in ``_derived`` become derived rows.
"""

import polars as pl

from alphaloop.core.errors import UnknownLayout
from alphaloop.core.time import DAY_US
from alphaloop.lake.sources.columns import Sheet, plain_name, read_numbers
from alphaloop.lake.sources.layouts import rows

RATIOS = {
    "counttoptraderlongshortratio": "long_short_ratio_top_accounts",
    "sumtoptraderlongshortratio": "long_short_ratio_top_positions",
    "countlongshortratio": "long_short_ratio_global_accounts",
    "sumtakerlongshortvolratio": "taker_buy_sell_ratio",
}
_AGGREGATES = """
oi_usd_all_exchanges funding_all_exchanges_pct exchange_reserve_btc exchange_stablecoin_ratio miner_reserve_btc
"""
AGGREGATES = frozenset(_AGGREGATES.split())
_COIN_METRICS = """
FlowInExNtv FlowOutExNtv SplyExNtv SplyCur AdrActCnt TxCnt HashRate CapMrktCurUSD CapMVRVCur FeeTotNtv IssTotNtv
PriceUSD
"""
COIN_METRICS = frozenset(_COIN_METRICS.split())
EVERYWHERE = "all"
"""Venue of a figure summed over all exchanges."""


def build_funding(sheet: Sheet) -> dict[str, pl.DataFrame]:
    """Rows of ``funding_rates``; the interval is the file's, else the most frequent step in hours."""
    times, symbol = sheet.time("time"), rows.symbols(sheet)
    venue = rows.venues(sheet, symbol)
    rate = sheet.number("rate" if sheet.has("rate") else "open", nullable=False)
    hours = sheet.number("interval_hours") if sheet.has("interval_hours") else rows.step_hours(times, venue, symbol)
    stated = sheet.origin.flags.timeframe or sheet.origin.name.timeframe
    if stated is not None and stated.endswith("h"):
        hours = hours.fill_null(float(stated[:-1]))
    frame = rows.lake_rows(
        sheet,
        venue=venue,
        symbol=symbol,
        event_time=times,
        available_at=rows.known_at(sheet, times),
        rate=rate,
        interval_hours=hours,
    )
    return {"funding_rates": frame}


def build_open_interest(sheet: Sheet) -> dict[str, pl.DataFrame]:
    """Rows of ``open_interest`` and, from a metrics archive, of ``derivatives``."""
    times, symbol = sheet.time("time"), rows.symbols(sheet)
    whose = {
        "venue": rows.venues(sheet, symbol),
        "symbol": symbol,
        "event_time": times,
        "available_at": rows.known_at(sheet, times),
    }
    sizes = {name: sheet.number(name) for name in ("oi_base", "oi_usd")}
    tables = {"open_interest": rows.lake_rows(sheet, **whose, **sizes)}
    ratios = {column: RATIOS[plain_name(column)] for column in sheet.frame.columns if plain_name(column) in RATIOS}
    if ratios:
        tables["derivatives"] = long_form(sheet, ratios, **whose)
    return tables


def build_aggregates(sheet: Sheet) -> dict[str, pl.DataFrame]:
    """Daily sums over all exchanges, parted by what they speak of."""
    times, symbol = sheet.time("time"), rows.symbols(sheet)
    whose = {"symbol": symbol, "event_time": times, "available_at": rows.known_at(sheet, _day_end(times))}
    present = [column for column in sheet.frame.columns if column in AGGREGATES]
    tables = {}
    if "oi_usd_all_exchanges" in present:
        oi = read_numbers(sheet.frame["oi_usd_all_exchanges"])
        frame = rows.lake_rows(sheet, venue=EVERYWHERE, **whose, oi_usd=oi)
        tables["open_interest"] = frame.filter(pl.col("oi_usd").is_not_null())
    if "funding_all_exchanges_pct" in present:
        only = {"funding_all_exchanges_pct": "funding_all_exchanges_pct"}
        tables["derivatives"] = long_form(sheet, only, venue=EVERYWHERE, **whose)
    chain = {column: column for column in present if column.startswith(("exchange_", "miner_"))}
    if chain:
        tables["onchain_signals"] = long_form(sheet, chain, **whose)
    return tables


def build_onchain(sheet: Sheet) -> dict[str, pl.DataFrame]:
    """Rows of ``onchain_signals`` from one column a figure."""
    times = sheet.time("time")
    known = rows.known_at(sheet, _day_end(times))
    figures = {column: column.removesuffix("_derived") for column in _figures(sheet)}
    if not figures:
        raise UnknownLayout(f"{sheet.origin.file}: no column of numbers", "one column a figure", "see docs/imports.md")
    return {
        "onchain_signals": long_form(sheet, figures, symbol=rows.symbols(sheet), event_time=times, available_at=known)
    }


def build_long(sheet: Sheet) -> dict[str, pl.DataFrame]:
    """Rows of ``onchain_signals``, or with a venue or by flag of ``derivatives``, as they stand."""
    times, symbol = sheet.time("time"), rows.symbols(sheet)
    table = sheet.origin.flags.table or ("derivatives" if sheet.has("venue") else "onchain_signals")
    venue = {"venue": rows.venues(sheet, symbol)} if table == "derivatives" else {}
    otherwise = times if table == "derivatives" else _day_end(times)
    frame = rows.lake_rows(
        sheet,
        **venue,
        symbol=symbol,
        metric=sheet.text("metric"),
        event_time=times,
        available_at=rows.known_at(sheet, otherwise),
        value=sheet.number("value", nullable=False),
    )
    return {table: frame}


def long_form(sheet: Sheet, figures: dict[str, str], **whose: rows.Value) -> pl.DataFrame:
    """One row per row and figure that is not null: ``metric`` names it, ``value`` holds it."""
    frames = []
    for column, metric in figures.items():
        values = read_numbers(sheet.frame[column])
        derived = column.endswith("_derived")
        frame = rows.lake_rows(sheet, **whose, metric=metric, value=values, is_derived=derived)
        frames.append(frame.filter(pl.col("value").is_not_null()))
    return pl.concat(frames)


def _figures(sheet: Sheet) -> list[str]:
    taken = set(sheet.roles.values())
    return [
        name
        for name, dtype in sheet.frame.schema.items()
        if name not in taken and (dtype.is_numeric() or _holds_numbers(sheet.frame[name]))
    ]


def _holds_numbers(values: pl.Series) -> bool:
    if values.dtype != pl.String:
        return False
    numbers = read_numbers(values)
    return not numbers.is_nan().any() and numbers.null_count() < len(numbers)


def _day_end(times: pl.Series) -> pl.Series:
    us = times.to_physical()
    return (us - us % DAY_US + DAY_US).cast(times.dtype)
