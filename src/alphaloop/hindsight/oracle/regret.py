"""Regret: how far a run stayed behind the oracle on the same bars, at the same costs.

The oracle may hold as much of each symbol as the run's own largest position. Within that
size it earns at least what any sequence of market orders earns, whatever sizes they take
and whether or not profits are reinvested: a path of any sizes is an average of paths on the
levels -Q, 0 and Q, in profit and in cost. Orders that fill inside a bar, as makers or at a
level, may do better than the oracle: their regret can fall below zero, and is shown so.

    step[t] = V[t-1](held before) - gain[t] - V[t](held after)

``V`` is the value of what is still to come. So a step's regret is what its own decision gave
away for good, not what an earlier one had lost already, and the steps sum to the total.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from alphaloop.core.errors import NoData, SchemaViolation
from alphaloop.core.market import CLOSE, Floats, Instrument, Ints, Market
from alphaloop.core.orders import Fill
from alphaloop.core.trace import Trace
from alphaloop.execution.simulator import layout as at
from alphaloop.execution.simulator.batch import simulate
from alphaloop.execution.simulator.compiled import Plan
from alphaloop.hindsight.oracle.paths import best_paths
from alphaloop.hindsight.oracle.tape import Tape, tape
from alphaloop.hindsight.oracle.values import future_values


@dataclass(frozen=True, slots=True)
class Regret:
    """A run beside its oracle. T rows, A symbols; quote currency.

    Parameters
    ----------
    now : int array, shape (T,), microseconds UTC
    own : float array, shape (T,)
        The run's profit so far.
    oracle : float array, shape (T,)
        The profit so far of the oracle's path.
    step : float array, shape (T,)
        Given away for good by the decision that filled in each bar; zero in the first.
    best : float array, shape (A,)
        The oracle's profit of each symbol.
    capacity : float array, shape (A,), base units
        The largest position it was allowed in each.
    """

    now: Ints
    own: Floats
    oracle: Floats
    step: Floats
    best: Floats
    capacity: Floats

    @property
    def total(self) -> float:
        """The oracle's profit less the run's."""
        return float(self.best.sum() - self.own[-1])

    @property
    def captured(self) -> float | None:
        """The run's share of the oracle's profit; none where there was nothing to earn."""
        most = float(self.best.sum())
        return float(self.own[-1]) / most if most > 0 else None


def regret(
    market: Market,
    instruments: Sequence[Instrument],
    equity: Floats,
    quantity: Floats,
    largest: Floats | None = None,
) -> Regret:
    """Regret of a run given as curves.

    Parameters
    ----------
    market : Market
        Exactly the bars of the run, T rows.
    instruments : sequence of Instrument, length A
        The costs the run paid.
    equity : float array, shape (T,), quote currency
        After each bar; the first is the start, before anything was held.
    quantity : float array, shape (T, A), base units
        Held after each bar.
    largest : float array, shape (A,), base units, optional
        The largest position held of each symbol, when it stood inside a bar only. The oracle
        may hold as much, and no less than an equal share of the first equity.

    Raises
    ------
    SchemaViolation
        If shapes or symbols disagree, or something is held in the first row.
    NoData
        If there is no row.
    """
    shape = market.values.shape[:2]
    if equity.shape != shape[:1] or quantity.shape != shape or len(instruments) != shape[1]:
        raise SchemaViolation(f"equity {equity.shape}, quantity {quantity.shape}", f"a run on {shape} bars", "")
    if len(market) == 0:
        raise NoData("a run without bars", "one bar or more", "")
    if bool((quantity[0] != 0).any()):
        raise SchemaViolation("a position in the first row", "a run that begins flat", "begin one bar earlier")
    capacity = _capacity(market, equity, quantity, largest)
    left, profit = np.zeros(shape[0]), np.zeros(shape[0])
    best = np.zeros(shape[1])
    for asset, instrument in enumerate(instruments):
        if capacity[asset] == 0.0:
            continue
        given = _tape(market, asset, instrument, capacity[asset])
        values = _between(future_values(given), given.levels, quantity[:, asset])
        left += values
        best[asset] = values[0]
        profit += best_paths(given).profit()
    step = np.zeros(shape[0])
    step[1:] = left[:-1] - np.diff(equity) - left[1:]
    return Regret(market.ts + market.timeframe.us, equity - equity[0], profit, step, best, capacity)


def regret_of_trace(trace: Trace, market: Market, instruments: Sequence[Instrument]) -> Regret:
    """Regret of a recorded session.

    Parameters
    ----------
    trace : Trace
    market : Market
        The market it ran on; may hold bars before and after.
    instruments : sequence of Instrument, length A

    Raises
    ------
    SchemaViolation
        If the market lacks bars of the trace, or other symbols.
    """
    opens = trace.now - market.timeframe.us
    if tuple(trace.header.symbols) != market.symbols or not bool(np.isin(opens, market.ts).all()):
        raise SchemaViolation(f"a run on {trace.header.symbols}", "the market it ran on", "pass its bars and symbols")
    rows = np.searchsorted(market.ts, opens)
    own = Market(market.ts[rows], market.symbols, market.values[rows], market.timeframe, market.sources)
    return regret(own, instruments, trace.equity, trace.quantity, largest_held(trace.fills, market.symbols))


def largest_held(fills: Sequence[Fill], symbols: tuple[str, ...]) -> Floats:
    """The largest position of each symbol that fills ever made, from flat, shape (A,), base units.

    Examples
    --------
    >>> from alphaloop.core.orders import Reason
    >>> largest_held([Fill("", "X", 0, size, 1.0, Reason.MARKET) for size in (2.0, -5.0, 1.0)], ("X",))
    array([3.])
    """
    held = np.zeros(len(symbols))
    largest = held.copy()
    for fill in fills:
        asset = symbols.index(fill.symbol)
        held[asset] += fill.quantity
        largest[asset] = max(largest[asset], abs(held[asset]))
    return largest


def regret_of_plan(market: Market, plan: Plan, instruments: Sequence[Instrument], cash: float) -> Regret:
    """Regret of precomputed targets, run through the simulator.

    Parameters
    ----------
    market, plan, instruments, cash
        As :func:`alphaloop.execution.simulator.batch.simulate` takes them.

    Examples
    --------
    >>> from alphaloop.core.time import Timeframe
    >>> from alphaloop.execution.simulator.batch import targets
    >>> price = np.array([10.0, 10.0, 12.0, 12.0])
    >>> bars = np.stack([price, price, price, price, price, 0 * price], axis=1)[:, None]
    >>> market = Market(np.arange(4) * 60_000_000, ("X",), bars, Timeframe.parse("1m"))
    >>> late = targets(np.array([[np.nan], [1.0], [np.nan], [np.nan]]), units=True)
    >>> found = regret_of_plan(market, late, [Instrument("X", taker_fee=0.0, slippage=0.0)], 10.0)
    >>> found.total, found.step.tolist()
    (2.0, [0.0, 2.0, 0.0, 0.0])
    """
    result = simulate(market, plan, instruments, cash)
    traded = np.zeros(market.values.shape[:2])
    place = (result.rows[:, at.F_BAR].astype(np.int64), result.rows[:, at.F_ASSET].astype(np.int64))
    np.add.at(traded, place, result.rows[:, at.F_QUANTITY])
    return regret(market, instruments, result.equity, np.cumsum(traded, axis=0))


def _capacity(market: Market, equity: Floats, quantity: Floats, largest: Floats | None) -> Floats:
    """The largest position of each symbol, and an equal share of the first equity at the least; 0 without bars."""
    closes = market.values[:, :, CLOSE]
    there = ~np.isnan(closes)
    first = closes[there.argmax(axis=0), np.arange(closes.shape[1])]
    share = equity[0] / closes.shape[1] / first
    most = np.maximum(np.abs(quantity).max(axis=0), 0.0 if largest is None else largest)
    return np.where(there.any(axis=0), np.fmax(most, share), 0.0)


def _tape(market: Market, asset: int, instrument: Instrument, size: float) -> Tape:
    levels = np.array([-size, 0.0, size] if instrument.kind == "perp" else [0.0, size])
    return tape(market, asset, replace(instrument, min_notional=0.0), levels)


def _between(values: Floats, levels: Floats, held: Floats) -> Floats:
    """Value of a position between the levels, shape (T,): on the straight line between its neighbours'."""
    flat = int(np.flatnonzero(levels == 0.0)[0])
    side = np.where(held < 0, 0, len(levels) - 1)
    share = np.abs(held / levels[-1])
    outer = values[np.arange(len(held)), side]
    return np.asarray(values[:, flat] + share * (outer - values[:, flat]))
