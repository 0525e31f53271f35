"""The simulated venue: orders in, fills out, by the kernel's rules.

Holds the arrays between bars and translates between records and rows. Knows no bar but
the latest; what it answers to a bar was submitted before that bar.
"""

import math
from collections.abc import Mapping, Sequence
from functools import partial

from alphaloop.core.account import AccountView
from alphaloop.core.errors import InvalidOption, InvalidOrder
from alphaloop.core.market import Bars, Floats, Instrument
from alphaloop.core.orders import Fill, Order
from alphaloop.execution.simulator import layout as at
from alphaloop.execution.simulator.compiled import step
from alphaloop.execution.simulator.layout import DEFAULT
from alphaloop.execution.simulator.rules import FillRules
from alphaloop.execution.simulator.slots import OrderSlots, check_pairs

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
    participation : float, fraction of a bar's volume, optional
        The most that may trade in one bar; without it, size is no object.
    latency_us : int, microseconds
        From an order's ``created_at`` to its arrival; it meets bars that open then or later.

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

    def __init__(
        self,
        instruments: Sequence[Instrument],
        cash: float,
        rules: FillRules = DEFAULT,
        *,
        participation: float | None = None,
        latency_us: int = 0,
    ) -> None:
        if not 0 < cash < math.inf:
            raise InvalidOption(f"starting cash {cash}", "an amount above zero", "pass e.g. 10000")
        self.instruments = tuple(instruments)
        self.symbols = tuple(one.symbol for one in self.instruments)
        self._index = {symbol: asset for asset, symbol in enumerate(self.symbols)}
        self._share = at.share_of_volume(participation)
        self._state = at.new_state(self.instruments, rules, self._share)
        self._account = at.new_account(cash)
        self._fills = at.new_fills(len(self.instruments) * at.FILLS_PER_ASSET)
        self._slots = OrderSlots(self._state, self.symbols, latency_us)
        self._marks = self._state[at.MARK]
        self._positions = self._copies()
        self._marked = False

    def on_bars(self, bars: Bars) -> tuple[Fill, ...]:
        """Let a bar happen to the working orders and positions.

        Raises
        ------
        InvalidOption
            If the bars are of other symbols than the venue's.
        SchemaViolation
            If a bar has no volume to take a share of.
        """
        if bars.symbols is not self.symbols and bars.symbols != self.symbols:
            raise InvalidOption(f"bars of {bars.symbols}", f"bars of {self.symbols}", "use one order of symbols")
        if bars.mark is not None or self._marked:
            self._see_marks(bars)
        if self._share > 0:
            at.check_volume(bars.values)
        slots = self._slots
        if slots.working:
            slots.before(bars)
        rows = step(self._state, self._account, self._fills, bars.values)
        if slots.working:
            slots.refresh()
        if rows == 0:
            return ()
        self._positions = self._copies()
        return tuple(self._fill(row, bars.ts) for row in self._fills[:rows].tolist())

    def submit(self, orders: Sequence[Order]) -> None:
        """Let orders rest from the next bar on. A new order for a symbol replaces its resting one, or pair.

        Raises
        ------
        InvalidOrder
            If a symbol is unknown, a leverage beyond the instrument's, or a pair is not one; then none is taken.
        """
        if not orders:
            return
        for order in orders:
            self._check(order)
        check_pairs(orders)
        self._slots.submit(orders)

    def account(self) -> AccountView:
        """The account as of the last bar's close, for good: later bars do not change it."""
        money, (quantity, entry, margin) = self._account.tolist(), self._positions
        equity, cash, peak = money[at.EQUITY], money[at.CASH], money[at.PEAK]
        slots, marks = self._slots, self._marks.copy()
        return _view((self.symbols, equity, cash, peak, quantity, entry, marks, margin, slots.working, slots.underway))

    @property
    def working(self) -> frozenset[str]:
        """Symbols that have an order resting."""
        return self._slots.working

    @property
    def underway(self) -> Mapping[str, float]:
        """What market orders on their way will have traded, signed base units by symbol."""
        return self._slots.underway

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
        state = self._state[: at.MARGIN + 1].copy()
        state.setflags(write=False)
        return state[at.QUANTITY], state[at.ENTRY], state[at.MARGIN]

    def _fill(self, row: list[float], ts: int) -> Fill:
        return at.fill_of(row, self._slots.id_of(row[at.F_TICKET]), self.symbols[int(row[at.F_ASSET])], ts)
