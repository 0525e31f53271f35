"""Leaks through joins: the wrong clock, the wrong direction, the wrong symbol."""

import polars as pl

from alphaloop.core.time import HOUR_US
from alphaloop.training.tribunal.catalogue.pair import (
    Compute,
    Pair,
    as_of,
    bars_of,
    by_bar,
    counted,
    pair,
    rows,
    total_before,
)
from alphaloop.training.tribunal.subject import Frames

NOW, KNOWN, HAPPENED = pl.col("available_at"), pl.col("available_at"), pl.col("event_time")
VALUE, RATE, ONE = pl.col("value"), pl.col("rate"), pl.lit(1)
NETFLOW = pl.when(pl.col("metric") == "netflow").then(VALUE)
CHAIN_LAG_US = 30 * HOUR_US  # what the chain usually takes: a day, and six hours after it
CLOSE = pl.col("close")


def netflow(compute: Compute) -> Compute:
    """The same with the daily net flow as the only figure of the chain."""
    return lambda frames: compute(
        {**frames, "onchain_signals": frames["onchain_signals"].filter(pl.col("metric") == "netflow")}
    )


def on_date(frames: Frames) -> pl.DataFrame:
    """The day's figure at every bar of that day."""
    chain = frames["onchain_signals"].select("symbol", HAPPENED.dt.date().alias("date"), VALUE)
    bars = bars_of(frames).with_columns(date=HAPPENED.dt.date())
    return rows(bars.join(chain, on=["symbol", "date"], how="left", maintain_order="left"), VALUE)


def between_days(frames: Frames) -> pl.DataFrame:
    """Daily figures drawn as a line from one day to the next."""
    chain = frames["onchain_signals"].select("symbol", KNOWN.alias("at"), VALUE)
    bars = bars_of(frames).select("symbol", "available_at", at=NOW)
    line = pl.concat([bars, chain], how="diagonal").sort("symbol", "at", maintain_order=True)
    drawn = line.with_columns(VALUE.interpolate().over("symbol"))
    return rows(drawn.filter(NOW.is_not_null()), VALUE)


def linked_news(heeded: bool) -> Compute:
    """News of the last day by symbol; whether the link was known yet is heeded or not."""

    def compute(frames: Frames) -> pl.DataFrame:
        links = frames["event_links"].select("symbol", "event_id", linked=KNOWN)
        told = frames["events"].select("event_id", told=KNOWN).join(links, on="event_id")
        known = pl.max_horizontal("told", "linked") if heeded else pl.col("told")
        return total_before(bars_of(frames), told.select("symbol", known.alias("at"), w=ONE), 24)

    return compute


def news(when: pl.Expr, dated_only: bool = False) -> Compute:
    """Events of the last day, of all symbols together, by the clock ``when``."""

    def compute(frames: Frames) -> pl.DataFrame:
        events = frames["events"].filter(pl.col("precision") == "day") if dated_only else frames["events"]
        bars = bars_of(frames)
        everyone = bars.select(pl.col("symbol").unique().sort())
        return total_before(bars, everyone.join(events.select(when.alias("at"), w=ONE), how="cross"), 24)

    return compute


CHAIN, FUNDING, BOOK, INTEREST = "onchain_signals", "funding_rates", "orderbook_l2", "open_interest"
SPREAD = pl.col("ask_price").list.first() / pl.col("bid_price").list.first() - 1
PAIRS: tuple[Pair, ...] = (
    pair(
        "event_time instead of available_at",
        "a daily figure from the day it is about, not from its publication",
        netflow(as_of(CHAIN, VALUE, left=NOW, right=HAPPENED)),
        netflow(as_of(CHAIN, VALUE, left=NOW, right=KNOWN)),
        CHAIN,
    ),
    pair(
        "join on the date",
        "a daily figure at every bar of its own day",
        netflow(on_date),
        netflow(as_of(CHAIN, VALUE, left=NOW, right=KNOWN)),
        CHAIN,
    ),
    pair(
        "line between daily figures",
        "daily figures interpolated to bars",
        netflow(between_days),
        netflow(as_of(CHAIN, VALUE, left=NOW, right=KNOWN)),
        CHAIN,
    ),
    pair(
        "assumed publication lag",
        "event_time plus the usual delay, whatever the row says: right until a row is late",
        netflow(as_of(CHAIN, VALUE, left=NOW, right=HAPPENED + pl.duration(microseconds=CHAIN_LAG_US))),
        netflow(as_of(CHAIN, VALUE, left=NOW, right=KNOWN)),
        CHAIN,
    ),
    pair(
        "next funding",
        "the rate of the settlement ahead",
        as_of(FUNDING, RATE, left=NOW, right=KNOWN, strategy="forward"),
        as_of(FUNDING, RATE, left=NOW, right=KNOWN),
        FUNDING,
    ),
    pair(
        "as-of join to the nearest",
        "the book nearest in time, which may be the next",
        as_of(BOOK, SPREAD, left=NOW, right=KNOWN, strategy="nearest"),
        as_of(BOOK, SPREAD, left=NOW, right=KNOWN),
        BOOK,
    ),
    pair(
        "five seconds early",
        "open interest at the instant it is about; it takes five seconds",
        as_of(INTEREST, pl.col("oi_usd"), left=NOW, right=HAPPENED),
        as_of(INTEREST, pl.col("oi_usd"), left=NOW, right=KNOWN),
        INTEREST,
    ),
    pair("news before its publication", "news counted from the event", news(HAPPENED), news(KNOWN), "events"),
    pair(
        "dated news at the start of its day",
        "news with a date only, from midnight on",
        news(HAPPENED, True),
        news(KNOWN, True),
        "events",
    ),
    pair(
        "link made later",
        "news counted for a symbol before anybody linked it",
        linked_news(False),
        linked_news(True),
        "events",
        "event_links",
    ),
    pair(
        "border of symbols",
        "a change across the rows where one symbol ends and the next begins",
        lambda frames: rows(bars_of(frames), CLOSE / CLOSE.shift(1) - 1),
        by_bar(CLOSE / CLOSE.shift(1) - 1),
    ),
    pair(
        "posts by their own clock",
        "posts counted when written, not when seen",
        counted("social_posts", HAPPENED, ONE, 1),
        counted("social_posts", KNOWN, ONE, 1),
        "social_posts",
    ),
)
