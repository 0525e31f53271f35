"""The story that every engine is told: bars, one bracketed trade in each block of bars, costs.

Synthetic bars are a seeded random walk with eight steps inside each bar and a gap on one bar
in twenty, on a grid of 0.0001, so that engines of any precision see the same prices.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from alphaloop.core.market import Instrument, Market
from alphaloop.core.time import Timeframe
from alphaloop.execution.simulator.batch import Plan, targets

BLOCK, HOLD = 50, 30
STOP, TARGET, FEE, SLIPPAGE = 0.01, 0.02, 5e-4, 1e-4
MINUTES_5 = 300_000_000


@dataclass(frozen=True)
class Story:
    """``values`` (T, 4): open, high, low, close. Per trade: bars decided on, side, whole units."""

    values: np.ndarray
    enter: np.ndarray
    leave: np.ndarray
    side: np.ndarray
    quantity: np.ndarray
    cash: float

    @property
    def market(self) -> Market:
        """The bars as a market of one symbol."""
        extra = np.stack([np.ones(len(self.values)), np.zeros(len(self.values))], axis=1)
        values = np.ascontiguousarray(np.concatenate([self.values, extra], axis=1)[:, None, :])
        return Market(np.arange(len(values)) * MINUTES_5, ("X",), values, Timeframe.parse("5m"))

    @property
    def instruments(self) -> list[Instrument]:
        """One symbol with one fee."""
        return [Instrument("X", taker_fee=FEE, maker_fee=FEE, slippage=SLIPPAGE)]

    @property
    def levels(self) -> tuple[np.ndarray, np.ndarray]:
        """Stop and target of each trade as prices on the grid, measured from the next open."""
        base = self.values[self.enter + 1, 0]
        return np.round(base * (1 - self.side * STOP), 4), np.round(base * (1 + self.side * TARGET), 4)

    def plan(self, *, fractions: bool) -> Plan:
        """The trades as targets; brackets as fractions of the entry, or as prices."""
        shape = (len(self.values), 1)
        goal, stop, take = (np.full(shape, np.nan) for _ in range(3))
        goal[self.leave, 0] = 0.0
        goal[self.enter, 0] = self.side * self.quantity
        stop[self.enter, 0], take[self.enter, 0] = (STOP, TARGET) if fractions else self.levels
        return targets(goal, stop=stop, take=take, units=True, fractions=fractions)

    def save(self, path: Path) -> None:
        """For an engine in another Python."""
        names = ("open", "high", "low", "close")
        stop, target = self.levels
        np.savez(
            path,
            **dict(zip(names, self.values.T, strict=True)),
            enter=self.enter,
            leave=self.leave,
            side=self.side,
            quantity=self.quantity,
            stop_price=stop,
            target_price=target,
            cash=self.cash,
            fee=FEE,
            slippage=SLIPPAGE,
            stop=STOP,
            target=TARGET,
        )


def walk(bars: int) -> np.ndarray:
    """Synthetic bars, shape (T, 4)."""
    rng = np.random.default_rng(7)
    path = np.cumsum(rng.standard_normal((bars, 8)) * 0.0015 / np.sqrt(8), axis=1)
    gap = np.where(rng.random(bars) < 0.05, rng.standard_normal(bars) * 0.002, 0.0)
    gap[0] = 0.0
    first = np.concatenate([[0.0], np.cumsum(path[:, -1] + gap)[:-1]]) + gap
    low, high = first + np.minimum(path.min(axis=1), 0), first + np.maximum(path.max(axis=1), 0)
    prices = (np.round(100 * np.exp(one), 4) for one in (first, high, low, first + path[:, -1]))
    return np.stack(list(prices), axis=1)


def trades(values: np.ndarray, notional: float = 1e4) -> Story:
    """One trade a block: in after a random bar, out ``HOLD`` bars later unless a level came first."""
    rng = np.random.default_rng(11)
    blocks = len(values) // BLOCK - 1
    enter = np.arange(blocks) * BLOCK + 5 + rng.integers(0, 10, blocks)
    side = np.where(rng.random(blocks) < 0.5, 1.0, -1.0)
    quantity = np.maximum(1.0, np.round(notional / values[enter + 1, 0]))
    return Story(values, enter, enter + HOLD, side, quantity, 1000 * notional)
