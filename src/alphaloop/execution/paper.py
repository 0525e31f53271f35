"""The paper venue: fills by the same kernel, money by the Decimal ledger.

Where the simulator keeps its accounts in float64, paper keeps the ledger that a live run
keeps: every fill is booked in Decimal, and the account a policy sees is the bridge from
that ledger. A replay that equals the backtest therefore proves two bookkeepers against
each other, not one against itself.
"""

from collections.abc import Sequence
from decimal import Decimal
from functools import partial

import numpy as np

from alphaloop.core.account import Account, AccountView
from alphaloop.core.market import CLOSE, Bars, Instrument
from alphaloop.core.orders import Fill, Order
from alphaloop.execution.simulator.layout import DEFAULT
from alphaloop.execution.simulator.rules import FillRules
from alphaloop.execution.simulator.venue import SimulatedVenue

_view = partial(tuple.__new__, AccountView)  # its fields in order, at half the cost of a call; once a bar


class PaperVenue:
    """A venue that trades on paper.

    Parameters
    ----------
    instruments : sequence of Instrument, length A
    cash : float, quote currency
    rules : FillRules, optional
    participation : float, fraction of a bar's volume, optional
    latency_us : int, microseconds

    Attributes
    ----------
    ledger : Account
        The Decimal truth after the last fill.
    orders : list of Order
        Everything submitted, in order.

    Examples
    --------
    >>> import numpy as np
    >>> venue = PaperVenue([Instrument("X")], 1000.0)
    >>> _ = venue.on_bars(Bars(0, 1, ("X",), np.array([[9.0, 9.0, 9.0, 9.0, 1.0, 0.0]])))
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
        self._matching = SimulatedVenue(instruments, cash, rules, participation=participation, latency_us=latency_us)
        self.symbols = self._matching.symbols
        self._lots = {one.symbol: one.lot for one in instruments}
        self.ledger = Account(cash=Decimal(repr(float(cash))))
        self.orders: list[Order] = []
        self._marks: dict[str, float] = {}
        self._peak = float(cash)
        self._view = self.ledger.view(self.symbols, self._marks, self._peak)
        self._held: list[str] = []
        self._cash = self._equity = self._peak

    def on_bars(self, bars: Bars) -> tuple[Fill, ...]:
        """Match the working orders against a bar and book what came of it."""
        fills = self._matching.on_bars(bars)
        for fill in fills:
            self.ledger = self.ledger.apply(fill, self._lots[fill.symbol])
        for symbol, close in zip(self.symbols, bars.values[:, CLOSE].tolist(), strict=True):
            if close == close:  # NaN is not equal to itself: no bar, no new mark
                self._marks[symbol] = close
        if fills:
            self._view = self.ledger.view(self.symbols, self._marks, self._peak)
            self._held = [symbol for symbol, one in self.ledger.holdings.items() if one.quantity]
            self._cash = self._view.cash
        self._equity = float(self.ledger.equity(self._marks)) if self._held else self._cash
        self._peak = max(self._peak, self._equity)
        return fills

    def submit(self, orders: Sequence[Order]) -> None:
        """Let orders rest from the next bar on."""
        self._matching.submit(orders)
        self.orders.extend(orders)

    def account(self) -> AccountView:
        """The ledger's account, over the one bridge to float64, as of the last bar.

        What is held, and at what price, stands still until a fill, so only the marks are new.
        """
        held, marks = self._view, np.array([self._marks.get(symbol, np.nan) for symbol in self.symbols])
        money, position = (self._equity, self._cash, self._peak), (held.quantity, held.entry_price)
        matching = self._matching
        return _view((self.symbols, *money, *position, marks, held.margin, matching.working, matching.underway))
