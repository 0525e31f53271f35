"""The simulated venue: orders in, fills out, by the kernel's rules.

Holds the arrays between bars and translates between records and rows. Knows no bar but
the latest; what it answers to a bar was submitted before that bar.
"""

import math
from collections.abc import Sequence
from functools import partial
from itertools import compress

from alphaloop.core.account import AccountView
from alphaloop.core.errors import InvalidOption, InvalidOrder
from alphaloop.core.market import Bars, Floats, Instrument
from alphaloop.core.orders import Fill, Order, OrderType
from alphaloop.execution.simulator import layout as at
from alphaloop.execution.simulator.compiled import step
from alphaloop.execution.simulator.layout import DEFAULT
from alphaloop.execution.simulator.rules import FillRules

_KINDS = {
    OrderType.MARKET: at.MARKET,
    OrderType.LIMIT: at.LIMIT,
    OrderType.STOP: at.STOP_ENTRY,
    OrderType.PROTECT: at.PROTECT,
}

_view = partial(tuple.__new__, AccountView)  # its fields in order, at half the cost of a call; once a bar


class SimulatedVenue:
    """A venue that lives on bars alone.

    Parameters
    ----------
    instruments : sequence of Instrument, length A
        In the order of the bars' symbols.
    cash : float, quote currency
        Starting balance, above zero.
    rules : FillRules, optional

    Examples
    --------
    >>> import numpy as np
    >>> venue = SimulatedVenue([Instrument("X", slippage=0.0, taker_fee=0.0)], 1000.0)
    >>> bar = lambda price: np.array([[price, price + 1, price - 1, price, 5.0, 0.0]])
    >>> _ = venue.on_bars(Bars(0, 1, ("X",), bar(100.0)))
    >>> venue.submit([Order("a", "X", 1, 2.0)])
    >>> venue.on_bars(Bars(1, 2, ("X",), bar(101.0)))[0].price
    101.0
    >>> venue.account().equity
    1000.0
    """

    def __init__(self, instruments: Sequence[Instrument], cash: float, rules: FillRules = DEFAULT) -> None:
        if not 0 < cash < math.inf:
            raise InvalidOption(f"starting cash {cash}", "an amount above zero", "pass e.g. 10000")
        self.instruments = tuple(instruments)
        self.symbols = tuple(one.symbol for one in self.instruments)
        self._index = {symbol: asset for asset, symbol in enumerate(self.symbols)}
        self._state = at.new_state(self.instruments, rules)
        self._account = at.new_account(cash)
        self._fills = at.new_fills(len(self.instruments) * at.FILLS_PER_ASSET)
        self._tickets: list[str] = [""] * len(self.instruments)
        self._working: frozenset[str] = frozenset()
        self._marks, self._kinds = self._state[at.MARK], self._state[at.KIND]
        self._positions = self._copies()
        self._marked = False

    def on_bars(self, bars: Bars) -> tuple[Fill, ...]:
        """Let a bar happen to the working orders and positions.

        Raises
        ------
        InvalidOption
            If the bars are of other symbols than the venue's.
        """
        if bars.symbols is not self.symbols and bars.symbols != self.symbols:
            raise InvalidOption(f"bars of {bars.symbols}", f"bars of {self.symbols}", "use one order of symbols")
        if bars.mark is not None or self._marked:
            self._see_marks(bars)
        rows = step(self._state, self._account, self._fills, bars.values)
        if self._working:
            self._working = self._resting()
        if rows == 0:
            return ()
        self._positions = self._copies()
        return tuple(self._fill(row, bars.ts) for row in self._fills[:rows].tolist())

    def submit(self, orders: Sequence[Order]) -> None:
        """Let orders rest from the next bar on. A new order for a symbol replaces its resting one.

        Raises
        ------
        InvalidOrder
            If a symbol is unknown, or a leverage beyond the instrument's; then none is taken.
        """
        if not orders:
            return
        for order in orders:
            self._check(order)
        for order in orders:
            asset = self._index[order.symbol]
            self._tickets[asset] = order.id
            self._write(self._state, asset, order)
        self._working = self._resting()

    def account(self) -> AccountView:
        """The account as of the last bar's close, for good: later bars do not change it."""
        money, (quantity, entry, margin) = self._account.tolist(), self._positions
        equity, cash, peak = money[at.EQUITY], money[at.CASH], money[at.PEAK]
        return _view((self.symbols, equity, cash, peak, quantity, entry, self._marks.copy(), margin, self._working))

    @property
    def working(self) -> frozenset[str]:
        """Symbols that have an order resting."""
        return self._working

    def _see_marks(self, bars: Bars) -> None:
        """The bar's lowest and highest mark prices, or none: then liquidation looks at trades."""
        self._marked = bars.mark is not None
        self._state[at.MARK_LOW : at.MARK_HIGH + 1] = math.nan if bars.mark is None else bars.mark.T

    def _check(self, order: Order) -> None:
        asset = self._index.get(order.symbol)
        if asset is None:
            raise InvalidOrder(f"an order for {order.symbol}", f"one of {self.symbols}", "")
        most = self.instruments[asset].max_leverage
        if order.leverage > most:
            raise InvalidOrder(f"{order.symbol}: leverage {order.leverage}", f"at most {most}", "lower it")

    def _copies(self) -> tuple[Floats, Floats, Floats]:
        """Quantity, entry price and margin of every asset: they stand still until a fill, so views share them."""
        quantity, entry, margin = self._state[[at.QUANTITY, at.ENTRY, at.MARGIN]]
        for array in (quantity, entry, margin):
            array.setflags(write=False)
        return quantity, entry, margin

    def _resting(self) -> frozenset[str]:
        """Symbols that have a working order."""
        return frozenset(compress(self.symbols, self._kinds.tolist()))  # NONE is zero

    def _write(self, state: Floats, asset: int, order: Order) -> None:
        """Put an order into its asset's slot; protective orders arrive as levels."""
        stop, target, kind = order.stop_loss, order.take_profit, _KINDS.get(order.type, at.PROTECT)
        if order.type is OrderType.STOP and order.reduce_only:
            kind, stop = at.PROTECT, order.price
        if order.type is OrderType.TAKE_PROFIT:
            target = order.price
        state[at.KIND, asset] = kind
        state[at.AMOUNT, asset] = order.quantity
        state[at.PRICE, asset] = math.nan if order.price is None else order.price
        state[at.STOP_LEVEL, asset] = math.nan if stop is None else stop
        state[at.TARGET_LEVEL, asset] = math.nan if target is None else target
        state[at.ORDER_LEVERAGE, asset] = order.leverage
        state[at.REDUCE_ONLY, asset] = float(order.reduce_only)
        state[at.FRACTIONS, asset] = 0.0
        state[at.TICKET, asset] = asset

    def _fill(self, row: list[float], ts: int) -> Fill:
        asset = int(row[at.F_ASSET])
        return at.fill_of(row, self._tickets[asset], self.symbols[asset], ts)
