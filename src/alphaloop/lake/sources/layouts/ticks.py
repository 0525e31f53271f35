"""Ticks: trades and order books.

    trades         time, price, qty, id [buyer_is_maker | side, first and last id]; ``agg_id`` makes it an aggregate
    orderbook_l2   update and snapshot rows (type, side, price, qty, one a level): one lake row a message
                   best quotes (bid_price, bid_qty, ask_price, ask_qty)
                   books of n levels in columns (bid1_price, bid1_size, ...)
                   books as distance from the mid and notional (midpoint, bids_distance_0, bids_notional_0, ...)

``event_time`` is the exchange's clock where there is one (match, else event, else the
receiver's); ``available_at`` is the later of it and the receiver's clock, because a receiver
whose clock runs behind cannot have known earlier. A book without any clock gets its running
number as seconds since 1970 and ``precision = "none"``: an order, and no time.
"""

import re

import polars as pl

from alphaloop.core.errors import UnknownLayout
from alphaloop.lake.sources.clock import TIME
from alphaloop.lake.sources.columns import Sheet, read_numbers
from alphaloop.lake.sources.layouts import rows

QUOTE = ("bid_price", "bid_qty", "ask_price", "ask_qty")
_LEVEL = re.compile(r"^(bid|ask)s?_?(\d+)_?(price|size|qty)$|^(bid|ask)s?_?(price|size|qty)_?(\d+)$", re.IGNORECASE)
_DISTANCE = re.compile(r"^(bid|ask)s_distance_(\d+)$")


def build_trades(sheet: Sheet) -> dict[str, pl.DataFrame]:
    """Rows of ``trades``."""
    is_aggregate = sheet.has("agg_id")
    if not is_aggregate and not sheet.has("trade_id"):
        raise UnknownLayout(f"{sheet.origin.file}: trades without an id", "a column trade_id or agg_id", "add one")
    frame = rows.lake_rows(
        sheet,
        **_whose(sheet),
        kind="aggregate" if is_aggregate else "trade",
        **_clock(sheet),
        trade_id=sheet.text("agg_id" if is_aggregate else "trade_id"),
        price=sheet.number("price", nullable=False),
        quantity=sheet.number("quantity", nullable=False),
        buyer_is_maker=_maker(sheet),
        first_trade_id=sheet.integer("first_trade_id"),
        last_trade_id=sheet.integer("last_trade_id"),
    )
    return {"trades": frame}


def message_role(sheet: Sheet) -> str:
    """The role that numbers the messages of a depth feed: all rows of one number are one message."""
    return "message" if sheet.has("message") else "final_update_id"


def build_depth(sheet: Sheet) -> dict[str, pl.DataFrame]:
    """Level rows gathered into one row a message; bids from the highest, asks from the lowest."""
    level_rows = rows.lake_rows(
        sheet,
        **_whose(sheet),
        kind=sheet.text("message_type"),
        **_clock(sheet),
        sequence=sheet.integer(message_role(sheet)),
        side=sheet.text("side").str.to_lowercase().str.slice(0, 1),
        price=sheet.number("price", nullable=False),
        qty=sheet.number("quantity", nullable=False),
        received_at=sheet.time("received_at"),
        **{name: sheet.integer(name) for name in ("first_update_id", "final_update_id", "prev_update_id")},
    )
    message = ["venue", "symbol", "kind", "event_time", "sequence"]
    once = [name for name in level_rows.columns if name not in (*message, "side", "price", "qty")]
    sides = [
        pl.col(column).filter(pl.col("side") == side[0]).sort_by(order).alias(f"{side}_{column}")
        for side, order in (("bid", -pl.col("price").filter(pl.col("side") == "b")),
                            ("ask", pl.col("price").filter(pl.col("side") == "a")))
        for column in ("price", "qty")
    ]  # fmt: skip
    grouped = level_rows.group_by(message, maintain_order=True).agg(pl.col(once).first(), *sides)
    return {"orderbook_l2": grouped}


def build_quotes(sheet: Sheet) -> dict[str, pl.DataFrame]:
    """Best bid and ask as books of one level."""
    sides = {name: _list([sheet.number(name, nullable=False)]) for name in QUOTE}
    clock = _clock(sheet)
    times = pl.DataFrame({"time": clock["event_time"]})
    numbered = times.select(pl.int_range(pl.len(), dtype=pl.Int64).over("time")).to_series()
    sequence = sheet.integer("final_update_id") if sheet.has("final_update_id") else numbered
    frame = rows.lake_rows(
        sheet,
        **_whose(sheet),
        kind="quote",
        **clock,
        sequence=sequence,
        **sides,
        received_at=sheet.time("received_at"),
        final_update_id=sheet.integer("final_update_id"),
    )
    return {"orderbook_l2": frame}


def build_levels(sheet: Sheet) -> dict[str, pl.DataFrame]:
    """Books whose levels stand in columns."""
    found: dict[str, dict[int, pl.Series]] = {}
    for column, side, level, what in _levels(sheet.frame.columns):
        found.setdefault(f"{side}_{what}", {})[level] = read_numbers(sheet.frame[column], nullable=False)
    sides = {name: _list([levels[level] for level in sorted(levels)]) for name, levels in found.items()}
    return {"orderbook_l2": _snapshots(sheet, sides)}


def build_distances(sheet: Sheet) -> dict[str, pl.DataFrame]:
    """Books as distance from the mid: price = mid * (1 + distance), qty = notional / price."""
    mid = read_numbers(sheet.frame["midpoint"], nullable=False)
    sides: dict[str, pl.Expr] = {}
    for side in ("bid", "ask"):
        count = sum(1 for column in sheet.frame.columns if column.startswith(f"{side}s_distance_"))
        prices = [mid * (1 + read_numbers(sheet.frame[f"{side}s_distance_{level}"])) for level in range(count)]
        notional = [read_numbers(sheet.frame[f"{side}s_notional_{level}"]) for level in range(count)]
        sides[f"{side}_price"] = _list(prices)
        sides[f"{side}_qty"] = _list([value / price for value, price in zip(notional, prices, strict=True)])
    return {"orderbook_l2": _snapshots(sheet, sides)}


def is_levels(columns: list[str]) -> bool:
    """Whether the columns hold at least one bid and one ask level with price and size."""
    found = {(side, what) for _, side, _, what in _levels(columns)}
    return found == {(side, what) for side in ("bid", "ask") for what in ("price", "qty")}


def is_distances(columns: list[str]) -> bool:
    """Whether the columns hold levels as distances from a mid."""
    return "midpoint" in columns and any(_DISTANCE.match(column) for column in columns)


def _levels(columns: list[str]) -> list[tuple[str, str, int, str]]:
    matches = [(column, _LEVEL.match(column)) for column in columns]
    split = [
        (column, match[1] or match[4], match[2] or match[6], match[3] or match[5]) for column, match in matches if match
    ]
    return [
        (column, side.lower(), int(level), "price" if what.lower() == "price" else "qty")
        for column, side, level, what in split
    ]


def _snapshots(sheet: Sheet, sides: dict[str, pl.Expr]) -> pl.DataFrame:
    has_clock = sheet.has("time")
    number = sheet.integer("message") if sheet.has("message") else None
    if not has_clock and number is None:
        raise UnknownLayout(f"{sheet.origin.file}: books without time and running number", "either", "add a column")
    clock = _clock(sheet) if has_clock else _no_clock(number)  # type: ignore[arg-type]
    timeframe = sheet.origin.flags.timeframe or sheet.origin.name.timeframe
    return rows.lake_rows(
        sheet,
        **_whose(sheet),
        kind="snapshot",
        **clock,
        sequence=number if number is not None else pl.lit(0, pl.Int64),
        **sides,
        timeframe=pl.lit(timeframe if has_clock else None, pl.String),
        precision=pl.lit(None if has_clock else "none", pl.String),
    )


def _no_clock(number: pl.Series) -> dict[str, rows.Value]:
    times = (number * 1_000_000).cast(TIME)
    return {"event_time": times, "available_at": times}


def _clock(sheet: Sheet) -> dict[str, rows.Value]:
    times = sheet.time("time", "exchange_time", "received_at")
    received = sheet.time("received_at")
    later = pl.DataFrame({"a": times, "b": received}).select(pl.max_horizontal("a", "b")).to_series()
    return {"event_time": times, "available_at": rows.known_at(sheet, later)}


def _whose(sheet: Sheet) -> dict[str, rows.Value]:
    symbol = rows.symbols(sheet)
    return {"venue": rows.venues(sheet, symbol), "symbol": symbol}


def _maker(sheet: Sheet) -> pl.Series:
    """Whether the buyer waited; a taker side of ``sell`` says the same."""
    if sheet.has("buyer_is_maker") or not sheet.has("side"):
        return sheet.flag("buyer_is_maker")
    first = sheet.text("side").str.to_lowercase().str.slice(0, 1)
    return first.replace_strict({"s": True, "b": False}, default=None, return_dtype=pl.Boolean)


def _list(levels: list[pl.Series]) -> pl.Expr:
    named = pl.DataFrame([level.alias(str(index)) for index, level in enumerate(levels)])
    return pl.lit(named.select(pl.concat_list(pl.all())).to_series())
