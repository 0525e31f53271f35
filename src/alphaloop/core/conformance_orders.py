"""Conformance of a venue's orders: each kind and each term does what it says, on bars made for it.

Beside :mod:`alphaloop.core.conformance`, which holds what every venue must do. A venue that cannot
do one of these must refuse the order with :class:`InvalidOrder`, not do something else.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from alphaloop.core.errors import InvalidOrder
from alphaloop.core.market import Bars
from alphaloop.core.orders import Order, OrderType, Reason, TimeInForce
from alphaloop.core.protocols import Venue
from alphaloop.core.time import MINUTE_US

Row = tuple[float, float, float, float]
_SYMBOL = "AAA"
_BUY, _SELL = 1.0, -1.0
_FLAT: Row = (100.0, 100.5, 99.5, 100.0)


class Case(NamedTuple):
    """Orders, the bars they meet, and what must trade: pairs of what traded (an id, or a level) and in which bar."""

    promise: str
    orders: tuple[Order, ...]
    bars: tuple[Row, ...]
    trades: tuple[tuple[str, int], ...]


def check_order_terms(make: Callable[[tuple[str, ...]], Venue]) -> None:
    """Every kind of order and every term trades in the bar it says, or the order is refused.

    Parameters
    ----------
    make : callable
        From symbols to a venue with at least 10,000 in cash and no position.

    Raises
    ------
    AssertionError
    """
    who = type(make((_SYMBOL,))).__name__
    for case in CASES:
        venue = make((_SYMBOL,))
        venue.on_bars(_bars(0, _FLAT))
        try:
            venue.submit(case.orders)
        except InvalidOrder:
            continue
        found = tuple(_trades(venue, case.bars))
        if found != case.trades:
            raise AssertionError(f"{who} breaks a promise: {case.promise} ({found} in place of {case.trades})")


def _trades(venue: Venue, rows: Sequence[Row]) -> list[tuple[str, int]]:
    found = []
    for place, row in enumerate(rows, start=1):
        fills = venue.on_bars(_bars(place, row))
        found += [(one.order_id or one.reason.value, place) for one in fills if one.reason is not Reason.FUNDING]
    return found


def _bars(place: int, row: Row) -> Bars:
    ts = place * MINUTE_US
    return Bars(ts, ts + MINUTE_US, (_SYMBOL,), np.array([[*row, 1e6, 0.0]]))


def _order(name: str, side: float, kind: OrderType, price: float | None = None, **terms: object) -> Order:
    return Order(name, _SYMBOL, MINUTE_US, side, kind, price, **terms)  # type: ignore[arg-type]  # terms by name


_MARKET, _LIMIT, _STOP, _STOP_LIMIT = OrderType.MARKET, OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT
_DIP: Row = (99.0, 99.5, 95.0, 99.0)
_RISE: Row = (101.0, 106.0, 100.5, 105.0)

CASES = (
    Case("a market order trades in the next bar", (_order("a", _BUY, _MARKET),), (_FLAT,), (("a", 1),)),
    Case("a limit waits for its price", (_order("a", _BUY, _LIMIT, 97.0),), (_FLAT, _DIP), (("a", 2),)),
    Case("a stop waits for its price", (_order("a", _BUY, _STOP, 104.0),), (_FLAT, _RISE), (("a", 2),)),
    Case(
        "a stop-limit trades where trigger and limit allow",
        (_order("a", _BUY, _STOP_LIMIT, 105.0, trigger=104.0),),
        (_FLAT, _RISE),
        (("a", 2),),
    ),
    Case(
        "a stop-limit whose limit the price has passed rests",
        (_order("a", _BUY, _STOP_LIMIT, 98.0, trigger=97.5),),
        (_FLAT, _DIP),
        (("a", 2),),
    ),
    Case("a reduce-only order opens nothing", (_order("a", _BUY, _MARKET, reduce_only=True),), (_FLAT, _FLAT), ()),
    Case(
        "a trailing stop follows the price and holds",
        (_order("a", _BUY, _MARKET, trail_distance=3.0),),
        (_FLAT, _RISE, (105.0, 105.5, 102.0, 103.0)),
        (("a", 1), ("stop", 3)),
    ),
    Case(
        "the first of a pair to trade ends the other",
        (_order("a", _BUY, _STOP, 104.0, oco="p"), _order("b", _SELL, _STOP, 96.0, oco="p")),
        (_FLAT, _RISE, _DIP),
        (("a", 2),),
    ),
    Case("post-only never takes", (_order("a", _BUY, _LIMIT, 101.0, post_only=True),), (_FLAT, _DIP), ()),
    Case("post-only rests", (_order("a", _BUY, _LIMIT, 97.0, post_only=True),), (_FLAT, _DIP), (("a", 2),)),
    Case(
        "GTD works until it expires",
        (_order("a", _BUY, _LIMIT, 97.0, time_in_force=TimeInForce.GTD, expires_at=2 * MINUTE_US),),
        (_FLAT, _DIP),
        (),
    ),
    Case(
        "an IOC limit does not rest",
        (_order("a", _BUY, _LIMIT, 97.0, time_in_force=TimeInForce.IOC),),
        (_FLAT, _DIP),
        (),
    ),
    Case(
        "an IOC limit trades at once if it can",
        (_order("a", _BUY, _LIMIT, 101.0, time_in_force=TimeInForce.IOC),),
        (_FLAT,),
        (("a", 1),),
    ),
    Case(
        "a bracket closes once",
        (_order("a", _BUY, _MARKET, stop_loss=96.0, take_profit=104.0),),
        (_FLAT, _RISE, _DIP),
        (("a", 1), ("target", 2)),
    ),
)
