"""Which order stands in which slot of the kernel's state: arrival, pairs, expiry.

Each symbol has two slots: the working order, and the other order of a pair of which one
cancels the other. The kernel may swap the two, so a slot's ticket says whose it is. Knows
times and names, which the kernel does not; knows no prices and fills nothing.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import compress
from typing import NamedTuple

from alphaloop.core.account import NONE_UNDERWAY
from alphaloop.core.errors import InvalidOption, InvalidOrder
from alphaloop.core.market import Bars, Floats
from alphaloop.core.orders import Order, OrderType, TimeInForce
from alphaloop.execution.simulator import layout as at

_KINDS = {
    OrderType.MARKET: at.MARKET,
    OrderType.LIMIT: at.LIMIT,
    OrderType.STOP: at.STOP_ENTRY,
    OrderType.STOP_LIMIT: at.STOP_LIMIT,
}
_BLOCK = slice(at.KIND, at.OTHER)
_OTHER_BLOCK = slice(at.OTHER, at.OTHER + at.ORDER_FIELDS)


class Ticket(NamedTuple):
    """Of the order last written into a slot."""

    id: str = ""
    pair: str = ""
    expires_at: float = math.inf


class OrderSlots:
    """The orders at a simulated venue, on their way or in the kernel's state.

    Parameters
    ----------
    state : float array, shape (fields, A)
        The kernel's, changed in place.
    symbols : tuple of str, length A
    latency_us : int, microseconds
        From an order's ``created_at`` to its arrival; it meets bars that open then or later.
    """

    def __init__(self, state: Floats, symbols: tuple[str, ...], latency_us: int = 0) -> None:
        if latency_us < 0:
            raise InvalidOption(
                f"a latency of {latency_us} us", "zero or more", "orders cannot arrive before they leave"
            )
        self._state, self._symbols, self._latency = state, symbols, latency_us
        self._index = {symbol: asset for asset, symbol in enumerate(symbols)}
        self._tickets = [Ticket() for _ in range(2 * len(symbols))]
        self._travelling: list[Order] = []
        self._dated = False
        self.working: frozenset[str] = frozenset()
        self.underway: Mapping[str, float] = NONE_UNDERWAY

    def submit(self, orders: Sequence[Order]) -> None:
        """Take orders that the venue has checked."""
        if self._latency:
            self._travelling.extend(orders)
        else:
            for order in orders:
                self._place(order)
        self.refresh()

    def before(self, bars: Bars) -> None:
        """Let orders arrive that are due at the open of ``bars``, and those expire that it outlives."""
        if self._travelling:
            due = [one for one in self._travelling if one.created_at + self._latency <= bars.ts]
            self._travelling = [one for one in self._travelling if one.created_at + self._latency > bars.ts]
            for order in due:
                self._place(order)
        if self._dated:
            self._expire(bars.available_at)

    def refresh(self) -> None:
        """Look up which symbols have an order, here or on its way, and how much of that is sure to trade."""
        resting = compress(self._symbols, self._state[at.KIND].tolist())  # NONE is zero
        self.working = frozenset([*resting, *(one.symbol for one in self._travelling)])
        if self._latency:
            underway: dict[str, float] = {}
            for order in self._travelling:
                if order.type is OrderType.MARKET:
                    underway[order.symbol] = underway.get(order.symbol, 0.0) + order.quantity
            self.underway = underway or NONE_UNDERWAY

    def id_of(self, ticket: float) -> str:
        """The id of the order with a ticket of the kernel's; empty where none made the fill."""
        return self._tickets[int(ticket)].id if ticket >= 0 else ""

    def _place(self, order: Order) -> None:
        """Put an order into its symbol's first slot, or beside the one it is paired with."""
        asset, expires_at = self._index[order.symbol], order.expires_at
        if expires_at is not None:
            self._dated = True
        if order.oco and self._pair_up(order, asset):
            return
        pair = f"{order.created_at}:{order.oco}" if order.oco else ""
        self._tickets[2 * asset] = Ticket(order.id, pair, math.inf if expires_at is None else expires_at)
        self._state[_BLOCK, asset] = _row(order, 2 * asset)
        self._state[at.OTHER, asset] = at.NONE

    def _pair_up(self, order: Order, asset: int) -> bool:
        """Join the other of a pair, if that is what rests: beside it, or as its second level."""
        column, pair = self._state[:, asset], f"{order.created_at}:{order.oco}"
        if column[at.KIND] == at.NONE or column[at.OTHER] != at.NONE or self._tickets[2 * asset].pair != pair:
            return False
        if order.moves_levels:
            _add_level(column, order)
            return True
        place = 2 * asset + 1
        self._tickets[place] = Ticket(order.id, pair, math.inf if order.expires_at is None else order.expires_at)
        column[_OTHER_BLOCK] = _row(order, place)
        return True

    def _expire(self, end: int) -> None:
        """Drop orders that would have to trade before they expire in a bar that ends after that."""
        for asset in range(len(self._symbols)):
            column = self._state[:, asset]
            if (
                column[at.OTHER] != at.NONE
                and self._tickets[int(column[at.OTHER + at.TICKET - at.KIND])].expires_at < end
            ):
                column[at.OTHER] = at.NONE
            if column[at.KIND] != at.NONE and self._tickets[int(column[at.TICKET])].expires_at < end:
                column[_BLOCK], column[at.OTHER] = column[_OTHER_BLOCK].copy(), at.NONE
        self.refresh()


def check_pairs(orders: Sequence[Order]) -> None:
    """Orders that name a pair must come together: two, decided at one instant, for one symbol, of one sort.

    Raises
    ------
    InvalidOrder
    """
    pairs: dict[str, list[Order]] = {}
    for order in orders:
        if order.oco:
            pairs.setdefault(order.oco, []).append(order)
    for name, some in pairs.items():
        alike = len({(one.symbol, one.moves_levels, one.created_at) for one in some}) == 1
        one_side = not some[0].moves_levels or len({one.quantity > 0 for one in some}) == 1
        if len(some) != 2 or not alike or not one_side:
            raise InvalidOrder(
                f"pair '{name}' of {[(one.symbol, one.type.value) for one in some]}",
                "two resting orders for one symbol, or its stop and its target",
                "name each pair apart",
            )


def _row(order: Order, ticket: int) -> list[float]:
    """An order as a block of the kernel's state; protective orders arrive as levels."""
    kind, price = _KINDS.get(order.type, at.PROTECT), _or_nan(order.price)
    stop, target, cap, immediate = order.stop_loss, order.take_profit, math.nan, 0.0
    if kind == at.PROTECT or (kind == at.STOP_ENTRY and order.reduce_only):
        kind = at.PROTECT
        stop = order.price if order.type is OrderType.STOP else stop
        target = order.price if order.type is OrderType.TAKE_PROFIT else target
    elif order.time_in_force is TimeInForce.IOC:  # a limit that may not rest is a market order with a worst price
        kind, cap, immediate = at.MARKET, price, 1.0
    elif kind == at.STOP_LIMIT:
        cap = price
    trail = order.trail_distance if order.trail_fraction is None else -order.trail_fraction
    row = [kind, order.quantity, price, _or_nan(stop), _or_nan(target), order.leverage, float(order.reduce_only), 0.0]
    return [*row, float(ticket), _or_nan(order.trigger), cap, _or_nan(trail), float(order.post_only), immediate]


def _add_level(column: Floats, order: Order) -> None:
    """The second of a stop and a target that one submission gives as a pair."""
    row = _row(order, 0)
    for field in (at.STOP_LEVEL, at.TARGET_LEVEL, at.ORDER_TRAIL):
        if not math.isnan(row[field - at.KIND]):
            column[field] = row[field - at.KIND]


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
