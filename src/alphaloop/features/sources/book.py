"""The book: what each row of an order-book feed shows, updates replayed into a book.

Rows are taken in the order they became known, whatever the receiver's clock said. A
snapshot opens a book; messages that came a little earlier but hold later changes are put
on top of it; updates follow as long as their ids form a chain. A break of the chain
closes the book until the next snapshot, and so does age: a book lives ``life`` from its
snapshot, so that its state needs no older row. A crossed book is shown as crossed, never
repaired. Knows arrays alone.
"""

from typing import NamedTuple

import numpy as np

from alphaloop.core.market import Bools, Floats, Ints
from alphaloop.core.time import HOUR_US, SECOND_US
from alphaloop.features.family import compiled

QUOTE, SNAPSHOT, UPDATE = range(3)  # kinds of row
UNKNOWN, GOOD, CROSSED = range(3)  # states of what a row shows
DEPTH = 5  # levels of a side that imbalance and depth ratio count
LIFE_US = HOUR_US
REWIND_US = 10 * SECOND_US  # how much earlier than a snapshot later changes may have come

STATE, SOURCE, SPREAD_BP, IMBALANCE, DEPTH_RATIO, MICRO, MICRO_GAP_BP = range(7)
SHOWN = 7  # numbers shown by a row

FROM_SNAPSHOT, FROM_UPDATES, FROM_QUOTE = 1.0, 2.0, 3.0  # of SOURCE
NO_ID = -1


class Levels(NamedTuple):
    """Levels of one side, (L, 2) price and quantity: row r has ``begin[r] .. stop[r]``."""

    begin: Ints
    stop: Ints
    levels: Floats


class Feed(NamedTuple):
    """m rows in the order they became known. Ids are -1 where not stated."""

    available: Ints
    kind: Ints
    first_id: Ints
    final_id: Ints
    prev_id: Ints
    bids: Levels
    asks: Levels


@compiled
def restart(available: Ints, kind: Ints, kept: Bools, row: int) -> int:
    """The first row that a replay must see to show ``row`` and those after it."""
    opened = row - 1
    while opened > 0 and not (kept[opened] and kind[opened] == SNAPSHOT):
        opened -= 1
    early = max(opened, 0)
    while early > 0 and available[early - 1] >= available[max(opened, 0)] - REWIND_US:
        early -= 1
    return early


@compiled
def replay(feed: Feed, first: int) -> Floats:
    """What is known of the book after each row.

    Parameters
    ----------
    feed : Feed
        Of m rows.
    first : int
        Rows before it are replayed and not shown.

    Returns
    -------
    float array, shape (m - first, 7)
        State (0 unknown, 1 good, 2 crossed), source (1 snapshot, 2 updates, 3 quote), spread in bp
        of the middle, ``(bid - ask) / (bid + ask)`` and ``bid / ask`` of the best five quantities, the
        micro-price ``(bid * ask_qty + ask * bid_qty) / (bid_qty + ask_qty)``, and its distance from the
        middle in bp. NaN where the state is not good.

    Source
    ------
    The rules for a local book of Binance's diff. depth stream: drop what the snapshot holds, then
    ``prev`` (perpetuals) or ``first - 1`` (spot) must be the last id.
    """
    shown = np.full((len(feed.available) - first, SHOWN), np.nan)
    size = 1024
    bids, asks = np.empty((2, size)), np.empty((2, size))
    deep = np.zeros(2, dtype=np.int64)  # levels held: bids, asks
    opened, last, chained = -1, NO_ID, False  # row of the snapshot, id reached, whether an update followed
    for row in range(len(feed.available)):
        kind = feed.kind[row]
        if kind == QUOTE:
            if row >= first:
                _show_quote(feed, row, shown[row - first])
            continue
        if kind == SNAPSHOT:
            opened, last, chained, deep[:] = row, feed.final_id[row], False, 0
            bids, asks = _put(feed, row, bids, asks, deep)
            for early in range(_rewound(feed, row) if last != NO_ID else row, row):
                if opened >= 0 and feed.kind[early] == UPDATE and feed.final_id[early] > last:
                    opened = row if _follows(feed, early, last, chained) else -1
                    bids, asks = _put(feed, early, bids, asks, deep)
                    last, chained = feed.final_id[early], True
        elif opened >= 0 and feed.available[row] - feed.available[opened] > LIFE_US:
            opened = -1
        elif opened >= 0 and not _held(feed, row, last):
            if _follows(feed, row, last, chained):
                bids, asks = _put(feed, row, bids, asks, deep)
                last, chained = max(last, feed.final_id[row]), True
            else:
                opened = -1
        if row < first:
            continue
        said = shown[row - first]
        said[STATE], said[SOURCE] = UNKNOWN, FROM_SNAPSHOT if kind == SNAPSHOT else FROM_UPDATES
        if opened >= 0:
            _show(bids[:, : deep[0]], asks[:, : deep[1]], said)
    return shown


@compiled
def _rewound(feed: Feed, row: int) -> int:
    """First row known at most :data:`REWIND_US` before ``row``."""
    early = row
    while early > 0 and feed.available[early - 1] >= feed.available[row] - REWIND_US:
        early -= 1
    return early


@compiled
def _held(feed: Feed, row: int, last: int) -> bool:
    """Whether the book already holds what this message changed."""
    return bool(last != NO_ID and feed.final_id[row] != NO_ID and feed.final_id[row] <= last)


@compiled
def _follows(feed: Feed, row: int, last: int, chained: bool) -> bool:
    """Whether the message is the next of its chain; a feed without ids is taken at its word."""
    first, before = feed.first_id[row], feed.prev_id[row]
    if last == NO_ID:
        return True
    if not chained:  # the first after a snapshot need only reach over it
        return bool(first == NO_ID or first <= last + 1 or before == last)
    if before != NO_ID:
        return bool(before == last)
    return bool(first == NO_ID or first == last + 1)


@compiled
def _put(feed: Feed, row: int, bids: Floats, asks: Floats, deep: Ints) -> tuple[Floats, Floats]:
    """Set all levels of a row; returns the sides, grown where they were too small."""
    bids = _put_side(feed.bids, row, bids, deep[0:1], -1.0)
    asks = _put_side(feed.asks, row, asks, deep[1:2], 1.0)
    return bids, asks


@compiled
def _put_side(levels: Levels, row: int, side: Floats, deep: Ints, sign: float) -> Floats:
    """Set the levels of one side; ``sign * price`` ascends from the best. Quantity 0 removes a level."""
    begin, stop = levels.begin[row], levels.stop[row]
    if deep[0] + stop - begin > side.shape[1]:
        grown = np.empty((2, 2 * (deep[0] + stop - begin)))
        grown[:, : deep[0]] = side[:, : deep[0]]
        side = grown
    for level in range(begin, stop):
        price, quantity, count = levels.levels[level, 0], levels.levels[level, 1], deep[0]
        if not (price > 0.0 and quantity >= 0.0):
            continue
        place = _place(side[0], count, price, sign)
        found = place < count and side[0, place] == price
        if quantity > 0.0:
            if not found:
                for k in range(count, place, -1):
                    side[0, k], side[1, k] = side[0, k - 1], side[1, k - 1]
                deep[0] = count + 1
            side[0, place], side[1, place] = price, quantity
        elif found:
            for k in range(place, count - 1):
                side[0, k], side[1, k] = side[0, k + 1], side[1, k + 1]
            deep[0] = count - 1
    return side


@compiled
def _place(prices: Floats, count: int, price: float, sign: float) -> int:
    """Where ``price`` stands, or would stand, among the first ``count``."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if sign * prices[middle] < sign * price:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def _show_quote(feed: Feed, row: int, shown: Floats) -> None:
    """What a row of best quotes shows by itself."""
    shown[STATE], shown[SOURCE] = UNKNOWN, FROM_QUOTE
    bids, asks = np.empty((2, 1)), np.empty((2, 1))
    for side, levels in ((bids, feed.bids), (asks, feed.asks)):
        begin = levels.begin[row]
        if levels.stop[row] == begin:
            return
        side[0, 0], side[1, 0] = levels.levels[begin, 0], levels.levels[begin, 1]
        if not (side[0, 0] > 0.0 and side[1, 0] > 0.0):
            return
    _show(bids, asks, shown)


@compiled
def _show(bids: Floats, asks: Floats, shown: Floats) -> None:
    """State and numbers of a book, (2, levels) each side, best first; one without a side is unknown."""
    if bids.shape[1] == 0 or asks.shape[1] == 0:
        return
    bid, ask = bids[0, 0], asks[0, 0]
    if bid >= ask:
        shown[STATE] = CROSSED
        return
    bought, sold = 0.0, 0.0
    for level in range(min(DEPTH, bids.shape[1])):
        bought += bids[1, level]
    for level in range(min(DEPTH, asks.shape[1])):
        sold += asks[1, level]
    middle = 0.5 * (bid + ask)
    shown[STATE] = GOOD
    shown[SPREAD_BP] = (ask - bid) / middle * 1e4
    shown[IMBALANCE] = (bought - sold) / (bought + sold)
    shown[DEPTH_RATIO] = bought / sold
    shown[MICRO] = (bid * asks[1, 0] + ask * bids[1, 0]) / (bids[1, 0] + asks[1, 0])
    shown[MICRO_GAP_BP] = (shown[MICRO] / middle - 1.0) * 1e4
