"""What a recorded book says: rows of levels and of trades, checked before anything trades on them.

Column names are those of the lake's ``orderbook_l2`` and ``trades`` tables. Prices are
quote per base, sizes base units, times microseconds UTC. Knows no orders.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from alphaloop.core.errors import SchemaViolation, UnsortedData
from alphaloop.core.time import SECOND_US, iso

Levels = tuple[tuple[float, float], ...]
"""Pairs of price and size, best first."""


class BookRow(NamedTuple):
    """One message: a ``snapshot`` or ``quote`` replaces the book, an ``update`` sets the levels it names."""

    ts: int
    kind: str
    bids: Levels
    asks: Levels


class TradeRow(NamedTuple):
    """One trade. ``seller_took``: the taker sold, none where the source does not say."""

    ts: int
    price: float
    quantity: float
    seller_took: bool | None


def book_rows(columns: Mapping[str, Sequence[Any]], max_skew_us: int = SECOND_US) -> list[BookRow]:
    """Rows of the ``orderbook_l2`` table as records; updates that a snapshot contains already are left out.

    Parameters
    ----------
    columns : mapping of name to N values
        ``event_time`` (int), ``kind``, ``bid_price``, ``bid_qty``, ``ask_price``, ``ask_qty``
        (lists); where there are such: ``sequence``, ``received_at``, ``final_update_id`` and
        ``prev_update_id``.
    max_skew_us : int, microseconds
        How much earlier than ``event_time`` a row may have been received before the two
        clocks count as running apart.

    Raises
    ------
    UnsortedData
        If times, or sequences within one time, run backwards.
    SchemaViolation
        If a price or size is impossible, a list is longer than its partner, an update has
        no snapshot before it or follows a lost one, or the clocks run apart.

    Examples
    --------
    >>> columns = {"event_time": [5], "kind": ["snapshot"], "bid_price": [[99.0]], "bid_qty": [[2.0]]}
    >>> book_rows(columns | {"ask_price": [[101.0]], "ask_qty": [[1.0]]})
    [BookRow(ts=5, kind='snapshot', bids=((99.0, 2.0),), asks=((101.0, 1.0),))]
    """
    times = list(columns["event_time"])
    sequences = columns.get("sequence", [0] * len(times))
    _ascending(list(zip(times, sequences, strict=True)), "book rows")
    _check_clocks(times, columns.get("received_at"), max_skew_us)
    stale = _stale(columns, times)
    rows = []
    for i, (ts, kind) in enumerate(zip(times, columns["kind"], strict=True)):
        if i in stale:
            continue
        if kind not in ("snapshot", "update", "quote"):
            raise SchemaViolation(f"a book row of kind '{kind}'", "snapshot, update or quote", "audit the data")
        if i == 0 and kind == "update":
            raise SchemaViolation("an update first", "a snapshot to begin with", "start the window at a snapshot")
        sides = (
            _levels(columns[f"{side}_price"][i], columns[f"{side}_qty"][i], ts, kind == "update")
            for side in ("bid", "ask")
        )
        rows.append(BookRow(ts, kind, *sides))
    return rows


def trade_rows(columns: Mapping[str, Sequence[Any]]) -> list[TradeRow]:
    """Rows of the ``trades`` table as records; columns ``event_time price quantity``, and ``buyer_is_maker``.

    Raises
    ------
    UnsortedData
        If times run backwards.
    SchemaViolation
        If a price or size is not above zero.

    Examples
    --------
    >>> trade_rows({"event_time": [7], "price": [99.0], "quantity": [0.5], "buyer_is_maker": [True]})
    [TradeRow(ts=7, price=99.0, quantity=0.5, seller_took=True)]
    """
    times = list(columns["event_time"])
    _ascending([(ts, 0) for ts in times], "trades")
    takers = columns.get("buyer_is_maker", [None] * len(times))
    rows = [TradeRow(*one) for one in zip(times, columns["price"], columns["quantity"], takers, strict=True)]
    for row in rows:
        if not (0 < row.price < math.inf and 0 < row.quantity < math.inf):
            raise SchemaViolation(f"a trade of {row.quantity} at {row.price}", "both above zero", "audit the data")
    return rows


def _levels(prices: Sequence[float], sizes: Sequence[float], ts: int, zero_removes: bool) -> Levels:
    if len(prices) != len(sizes):
        raise SchemaViolation(f"{len(prices)} prices and {len(sizes)} sizes at {iso(ts)}", "as many of each", "")
    for price, size in zip(prices, sizes, strict=True):
        fits = 0 < price < math.inf and (0 < size < math.inf or (zero_removes and size == 0))
        if not fits:
            raise SchemaViolation(f"a level of {size} at {price} ({iso(ts)})", "both above zero", "audit the data")
    return tuple(zip(prices, sizes, strict=True))


def _ascending(keys: Sequence[tuple[int, int]], what: str) -> None:
    for before, now in pairwise(keys):
        if now < before:
            raise UnsortedData(f"{what} at {iso(before[0])} before {iso(now[0])}", "ascending times", "sort them")


def _check_clocks(times: Sequence[int], received: Sequence[int | None] | None, max_skew_us: int) -> None:
    for ts, seen in zip(times, received or [], strict=False):
        if seen is not None and seen < ts - max_skew_us:
            raise SchemaViolation(
                f"a row of {iso(ts)} received {(ts - seen) / SECOND_US:g} s before it happened",
                f"clocks at most {max_skew_us / SECOND_US:g} s apart",
                "correct one of the clocks, or raise max_skew_us",
            )


def _stale(columns: Mapping[str, Sequence[Any]], times: Sequence[int]) -> set[int]:
    """Places of updates that the snapshot before them contains already; the others must follow one another."""
    finals, befores = columns.get("final_update_id"), columns.get("prev_update_id", [None] * len(times))
    if finals is None:
        return set()
    stale: set[int] = set()
    contained = last = None  # final id of the last snapshot, and of the last update since
    for i, (kind, final, before) in enumerate(zip(columns["kind"], finals, befores, strict=True)):
        if kind != "update":
            contained, last = (final, None) if kind == "snapshot" else (contained, last)
        elif None not in (final, contained) and final <= contained:
            stale.add(i)
        else:
            if None not in (before, last) and before != last:
                raise SchemaViolation(
                    f"update {final} after {last} at {iso(times[i])}",
                    f"one that follows {before}",
                    "a message is missing: start again at the next snapshot",
                )
            last = final
    return stale
