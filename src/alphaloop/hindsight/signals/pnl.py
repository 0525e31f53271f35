"""What positions earn, bar by bar, after the cost of every change.

    net[t] = sum over symbols of  p[t] r[t] - c |p[t] - p[t-1]|

Bars do not overlap, so their results may be added. Returns of overlapping labels may not: an hour's return, booked on
each of its twelve bars, is earned twelve times on paper. Therefore nothing here takes a label.
"""

from dataclasses import dataclass

import numpy as np

from alphaloop.core.errors import NoData, SchemaViolation
from alphaloop.core.market import Floats
from alphaloop.hindsight.drawdowns import underwater


@dataclass(frozen=True, eq=False, slots=True)
class PositionPnl:
    """A record of positions. T bars; fractions of a stake that stays the same, so that profits add up.

    Parameters
    ----------
    gross, cost : float array, shape (T,)
        Earned by what was held, and paid for changes.
    turnover : float array, shape (T,)
        ``sum over symbols of |p[t] - p[t-1]|``, from flat.
    exposure : float array, shape (T,)
        ``sum over symbols of |p[t]|``.
    """

    gross: Floats
    cost: Floats
    turnover: Floats
    exposure: Floats

    @property
    def net(self) -> Floats:
        """Of each bar, shape (T,)."""
        return self.gross - self.cost

    @property
    def net_pnl(self) -> float:
        """Of all bars, fraction of the stake."""
        return float(self.net.sum())

    @property
    def equity(self) -> Floats:
        """One, and what was earned so far, shape (T + 1,); the first row is the start."""
        return np.append(1.0, 1.0 + np.cumsum(self.net))

    @property
    def max_drawdown(self) -> float:
        """Largest fall of :attr:`equity` below its peak, as a fraction of the peak."""
        return float(underwater(self.equity).max())

    @property
    def trades(self) -> int:
        """Bars on which something changed."""
        return int(np.count_nonzero(self.turnover > 0.0))


def position_pnl(held: Floats, returns: Floats, cost: float | Floats, *, close: bool = False) -> PositionPnl:
    """Result of holding ``held[t]`` through bar ``t``, of which ``returns[t]`` is the return.

    Parameters
    ----------
    held : float array, shape (T, A), signed fraction of the stake
        Decided before bar ``t`` begins: :func:`alphaloop.hindsight.signals.positions.delayed`.
    returns : float array, shape (T, A), simple return of one bar
        NaN where a symbol has no bar: what is held earns nothing there.
    cost : float, or array of shape (A,) or (T, A), fraction of what changes hands
        Fee, slippage and half the spread, one way.
    close : bool
        Also pay for going flat after the last bar.

    Raises
    ------
    SchemaViolation
        If shapes disagree, a position is not finite, a return is infinite, or a cost is below zero.
    NoData
        If there is no bar.

    Examples
    --------
    >>> found = position_pnl(np.array([[1.0], [1.0], [-1.0]]), np.array([[0.02], [-0.01], [-0.03]]), 0.001)
    >>> found.net.round(4).tolist(), round(found.net_pnl, 4)
    ([0.019, -0.01, 0.028], 0.037)
    """
    if held.ndim != 2 or held.shape != returns.shape:
        raise SchemaViolation(f"positions {held.shape}, returns {returns.shape}", "two tables (T, A) of one shape", "")
    if held.size == 0:
        raise NoData("positions without a bar", "one bar and one symbol at least", "")
    if not np.isfinite(held).all() or np.isinf(returns).any():
        raise SchemaViolation("a position or return that is not finite", "numbers; NaN only for a missing bar", "")
    rate = np.broadcast_to(np.asarray(cost, dtype=np.float64), held.shape)
    if not (np.isfinite(rate).all() and bool((rate >= 0.0).all())):
        raise SchemaViolation("a cost that is not finite, or below zero", "zero or more", "a rebate is not a cost")
    changes = np.abs(np.diff(held, axis=0, prepend=0.0))
    paid, turnover = (rate * changes).sum(axis=1), changes.sum(axis=1)
    if close:
        left = np.abs(held[-1])
        paid[-1] += float(rate[-1] @ left)
        turnover[-1] += float(left.sum())
    gross = (held * np.nan_to_num(returns, nan=0.0)).sum(axis=1)
    return PositionPnl(gross, paid, turnover, np.abs(held).sum(axis=1))
