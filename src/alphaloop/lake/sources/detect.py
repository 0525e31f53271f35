"""Detection: which layout a sheet has, by the roles its columns play.

The list is tried from the most telling layout to the least. A table named by flag leaves
only the layouts that fill it. What no layout claims is refused with the columns found.
"""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from alphaloop.core.errors import UnknownLayout, UnknownName
from alphaloop.lake.schema import TABLES
from alphaloop.lake.sources.columns import Sheet
from alphaloop.lake.sources.layouts import bars, figures, native, startups, texts, ticks


@dataclass(frozen=True, slots=True)
class Layout:
    """One way facts are laid out in columns.

    Parameters
    ----------
    name : str
        Said in reports and errors.
    tables : tuple of str
        What it fills.
    is_here : function of a Sheet
        Whether the columns (and where they do not tell, the name) show it.
    build : function of a Sheet
        Its rows by table.
    numbers : tuple of str
        Roles that must hold numbers; a row with other text there is refused as it came.
    has_time : bool
        Whether every row must carry a time.
    """

    name: str
    tables: tuple[str, ...]
    is_here: Callable[[Sheet], bool]
    build: Callable[[Sheet], dict[str, pl.DataFrame]]
    numbers: tuple[str, ...] = ()
    has_time: bool = True


_OHLC = ("open", "high", "low", "close")


def _is_startup(sheet: Sheet, *columns: str) -> bool:
    return sheet.has("time") and set(columns) <= set(sheet.frame.columns)


def _is_funding_candles(sheet: Sheet) -> bool:
    told = sheet.origin.name.kind == "funding" or sheet.origin.flags.table == "funding_rates"
    return sheet.has("time", *_OHLC) and told and not sheet.has("rate")


def _is_chain(sheet: Sheet) -> bool:
    known = "eod_completed_at" in sheet.frame.columns or len(figures.COIN_METRICS & set(sheet.frame.columns)) >= 2
    asked = sheet.origin.flags.table == "onchain_signals" and not sheet.has("metric")
    return sheet.has("time") and (known or asked)


LAYOUTS: tuple[Layout, ...] = (
    Layout(
        "lake rows",
        tuple(TABLES),
        lambda s: native.native_table(s.frame.columns) is not None,
        native.build_native,
        has_time=False,
    ),
    Layout(
        "order book messages",
        ("orderbook_l2",),
        lambda s: s.has("message_type", "side", "price", "quantity"),
        ticks.build_depth,
        ("price", "quantity"),
        has_time=False,
    ),
    Layout(
        "best quotes",
        ("orderbook_l2",),
        lambda s: s.has(*ticks.QUOTE),
        ticks.build_quotes,
        ticks.QUOTE,
        has_time=False,
    ),
    Layout(
        "order book by distance",
        ("orderbook_l2",),
        lambda s: s.has("time") and ticks.is_distances(s.frame.columns),
        ticks.build_distances,
    ),
    Layout(
        "order book by level",
        ("orderbook_l2",),
        lambda s: ticks.is_levels(s.frame.columns),
        ticks.build_levels,
        has_time=False,
    ),
    Layout("acquisitions", ("events", "event_links", "entities"),
           lambda s: _is_startup(s, "company_name", "acquirer_name"), startups.build_acquisitions),
    Layout("funding rounds", ("events", "event_links", "entities"),
           lambda s: _is_startup(s, "startup", "investors", "round_type"), startups.build_rounds),
    Layout("funding as candles", ("funding_rates",),
           lambda s: _is_funding_candles(s), figures.build_funding, ("open",)),
    Layout("candles of a price", ("prices",),
           lambda s: s.has("time", *_OHLC) and (s.origin.name.kind in ("mark", "index") or not s.has("volume")
                                                or s.origin.flags.table == "prices"),
           bars.build_prices, _OHLC),
    Layout("bars", ("market_bars",), lambda s: s.has("time", *_OHLC, "volume"), bars.build_bars, bars.NUMBERS),
    Layout("trades", ("trades",),
           lambda s: (s.has("time") or s.has("received_at")) and s.has("price", "quantity")
           and (s.has("buyer_is_maker") or s.has("side")),
           ticks.build_trades, ("price", "quantity")),
    Layout("daily aggregates", ("open_interest", "derivatives", "onchain_signals"),
           lambda s: s.has("time") and bool(figures.AGGREGATES & set(s.frame.columns)), figures.build_aggregates),
    Layout("funding", ("funding_rates",), lambda s: s.has("time", "rate"), figures.build_funding, ("rate",)),
    Layout("open interest", ("open_interest", "derivatives"),
           lambda s: s.has("time") and (s.has("oi_base") or s.has("oi_usd")), figures.build_open_interest,
           ("oi_base", "oi_usd")),
    Layout("figures, one a row", ("onchain_signals", "derivatives"),
           lambda s: s.has("time", "metric", "value"), figures.build_long, ("value",)),
    Layout("chain figures, one a column", ("onchain_signals",), _is_chain, figures.build_onchain),
    Layout("posts", ("social_posts",),
           lambda s: s.has("time", "text") and (s.has("post_id") or (s.has("trade_id") and not s.has("title"))),
           texts.build_posts),
    Layout("news", ("events", "event_links", "entities"), lambda s: s.has("time", "title"), texts.build_news),
)  # fmt: skip
"""Every layout, in the order they are tried."""


def detect(sheet: Sheet) -> Layout:
    """The first layout the sheet shows.

    Raises
    ------
    UnknownLayout
        If none does.
    UnknownName
        If the flag names no table.
    """
    wanted = sheet.origin.flags.table
    if wanted is not None and wanted not in TABLES:
        raise UnknownName(f"table '{wanted}'", f"one of {', '.join(TABLES)}", "see: alphaloop data tables")
    for layout in LAYOUTS:
        if (wanted is None or wanted in layout.tables) and layout.is_here(sheet):
            return layout
    names = ", ".join(sheet.frame.columns[:20])
    known = ", ".join(layout.name for layout in LAYOUTS if wanted is None or wanted in layout.tables)
    raise UnknownLayout(
        f"{sheet.origin.file} with columns {names}",
        f"columns of one of: {known}",
        "rename the columns as docs/imports.md says, or pass --table",
    )
