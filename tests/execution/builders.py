"""Small builders for the tests of venues: round costs, one symbol, bars given as six numbers."""

import numpy as np

from alphaloop.core.account import AccountView
from alphaloop.core.market import Bars, Floats, Instrument, MarginTier, Market
from alphaloop.core.orders import Fill, Order, OrderType
from alphaloop.core.time import MINUTE_US, Timeframe
from alphaloop.execution.simulator.venue import SimulatedVenue

NAN = float("nan")
MISSING = (NAN,) * 6
COSTS = {"taker_fee": 0.001, "maker_fee": 0.0004, "liquidation_fee": 0.02, "slippage": 0.01}
TIERS = (MarginTier(100.0, 0.01), MarginTier(1000.0, 0.02, 1.0), MarginTier(float("inf"), 0.05, 31.0))


def make_instrument(symbol: str = "X", **options: object) -> Instrument:
    """Taker 10 bp, maker 4 bp, slippage 1 %, liquidation 2 %, unless said otherwise."""
    return Instrument(symbol, **{**COSTS, **options})  # type: ignore[arg-type]


def make_bars(index: int, *rows: tuple[float, ...], symbols: tuple[str, ...] = ("X",)) -> Bars:
    """Minute bar ``index`` of every symbol from rows of open, high, low, close, volume, funding."""
    return Bars(index * MINUTE_US, (index + 1) * MINUTE_US, symbols, np.array(rows, dtype=float))


def make_market(values: Floats, symbols: tuple[str, ...] = ("X",)) -> Market:
    """Minute bars of shape (T, A, 6)."""
    return Market(np.arange(len(values)) * MINUTE_US, symbols, values, Timeframe(MINUTE_US))


class Desk:
    """One symbol at one simulated venue, fed bar by bar."""

    def __init__(self, cash: float = 1000.0, **options: object) -> None:
        self.venue = SimulatedVenue([make_instrument(**options)], cash)
        self.bars = 0

    def bar(self, o: float, h: float, low: float, c: float, volume: float = 1.0, rate: float = 0.0) -> tuple[Fill, ...]:
        """The next bar."""
        self.bars += 1
        return self.venue.on_bars(make_bars(self.bars, (o, h, low, c, volume, rate)))

    def gap(self) -> tuple[Fill, ...]:
        """A bar that does not exist."""
        return self.bar(*MISSING)

    def order(self, quantity: float, kind: OrderType = OrderType.MARKET, price: float | None = None, **rest) -> None:
        """Submit one order, named by the bar it was decided on."""
        self.venue.submit([Order(f"{self.bars}", "X", self.bars * MINUTE_US, quantity, kind, price, **rest)])

    def hold(self, quantity: float, **rest) -> "Desk":
        """Open at exactly 100 by a limit: 4 bp of maker fee and no slippage."""
        self.order(quantity, OrderType.LIMIT, 100.0, **rest)
        (fill,) = self.bar(100, 100.5, 99.5, 100)
        assert (fill.quantity, fill.price) == (quantity, 100.0)
        return self

    @property
    def account(self) -> AccountView:
        return self.venue.account()

    @property
    def position(self) -> tuple[float, float, float]:
        """Quantity, entry price, margin."""
        view = self.account
        return float(view.quantity[0]), float(view.entry_price[0]), float(view.margin[0])
