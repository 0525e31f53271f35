"""Paths: the best sequences of positions, k of them, each different from the others.

Forwards in time, keeping for every position the ``k`` best ways to have come there (list
Viterbi). Near-optimal plans differ from the best by little, and often by one bar: what they
share is certain in hindsight, what they do not share was a matter of taste.
"""

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Floats, Instrument, Ints, Market
from alphaloop.execution.simulator.batch import BatchResult, simulate, targets
from alphaloop.hindsight.oracle.tape import ASKED, BEFORE, CLOSE_AT, DUE, FILLS, OPEN_AT, Tape

Places = NDArray[np.int16]
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Paths:
    """The best paths of one symbol, best first. K paths, T rows.

    Parameters
    ----------
    tape : Tape
    states : int array, shape (K, T)
        Place among the tape's levels of what is held after each bar.
    values : float array, shape (K,), quote currency
        Profit of each, open positions at the last close.
    """

    tape: Tape
    states: Places
    values: Floats

    def positions(self, k: int = 0) -> Floats:
        """Base units held after each bar, shape (T,)."""
        return np.asarray(self.tape.levels[self.states[k]])

    def profit(self, k: int = 0) -> Floats:
        """Profit after each bar, marked at its close, shape (T,), quote currency."""
        return _profit(self.tape.bars, self.positions(k), self.tape.costs)


def best_paths(given: Tape, k: int = 1) -> Paths:
    """The ``k`` best position paths of one symbol, from flat.

    Several symbols are independent of each other: the sum of their best paths is the best
    of all together, as long as no limit binds them together (margin, gross exposure).

    Parameters
    ----------
    given : Tape
    k : int, 1 to 1000
        Fewer come back when there are not so many.

    Raises
    ------
    InvalidOption
        If ``k`` is out of range.

    Source
    ------
    List Viterbi: Seshadri and Sundberg (1994), IEEE Trans. Communications 42, 313-323.

    Examples
    --------
    >>> from alphaloop.core.time import Timeframe
    >>> price = np.array([10.0, 10.0, 12.0, 12.0])
    >>> bars = np.stack([price, price, price, price, price, 0 * price], axis=1)[:, None]
    >>> market = Market(np.arange(4) * 60_000_000, ("X",), bars, Timeframe.parse("1m"))
    >>> from alphaloop.hindsight.oracle.tape import tape
    >>> own = tape(market, 0, Instrument("X", taker_fee=0.01, slippage=0.0), np.array([-1.0, 0.0, 1.0]))
    >>> found = best_paths(own, k=2)
    >>> found.values.round(9), found.positions().tolist()
    (array([1.9 , 1.78]), [0.0, 1.0, 1.0, 1.0])
    """
    if not (1 <= k <= _MOST and len(given.levels) * k <= np.iinfo(np.int16).max):
        raise InvalidOption(f"{k} paths over {len(given.levels)} positions", "1 to 1000, 32767 in all", "lower k")
    states, values = _search(given.bars, given.levels, given.costs, given.flat, k)
    found = values > -np.inf
    return Paths(given, states[found], values[found])


def orders(paths: Paths, k: int = 0) -> Floats:
    """A path as targets for the simulator: base units decided on each bar, NaN where it holds, shape (T,)."""
    held = paths.positions(k)
    plan = np.full(len(held), np.nan)
    for row in np.flatnonzero(np.diff(held)).tolist():
        plan[_decided(paths.tape, row)] = held[row + 1]
    return plan


def _decided(given: Tape, row: int) -> int:
    """The bar on which to order what fills after ``row``; an earlier one of a halt where the mark was enough."""
    if given.costs[2] == 0.0:
        return row
    first = row
    while first > 0 and given.bars[first, FILLS] == 0.0:
        first -= 1
    return first + int(np.nanargmax(given.bars[first + 1 : row + 2, BEFORE]))


def replay(paths: Paths, market: Market, asset: int, instrument: Instrument, k: int = 0) -> BatchResult:
    """The simulator, paid in full: a path's own orders with cash that never runs out.

    ``equity[-1]`` less the starting cash is the path's value, unless a short was held through
    a doubling of its price: the simulator liquidates it there, the oracle has no margin.
    """
    one = Market(market.ts, (instrument.symbol,), market.values[:, asset : asset + 1, :].copy(), market.timeframe)
    dearest = float(np.nanmax(paths.tape.bars[:, OPEN_AT])) * float(np.abs(paths.tape.levels).max())
    return simulate(one, targets(orders(paths, k)[:, None], units=True), [instrument], 10.0 * dearest)


@numba.njit(cache=True)
def _cost(held: float, target: float, price: float, mark: float, costs: Floats) -> float:
    """Fees and slippage of a change at an open; infinite where the venue would not make it."""
    size = abs(target - held)
    if size > 0.0 and size * mark < costs[2] and target != 0.0 and target * held >= 0.0:
        return np.inf
    cost: float = size * price * (costs[1] + costs[0] * (1.0 + np.sign(target - held) * costs[1]))
    return cost


@numba.njit(cache=True)
def _arrive(kept: Floats, costs: Floats, s: int, heads: Ints, best: Floats, come: Places) -> None:
    """The k best of all ways into level ``s``, merged from lists that are sorted already; staying wins ties."""
    size, k = kept.shape
    heads[:] = 0
    for rank in range(k):
        chosen, most = -1, -np.inf
        for turn in range(size):
            other = s if turn == 0 else turn - 1 if turn <= s else turn
            if heads[other] < k and kept[other, heads[other]] - costs[other] > most:
                chosen, most = other, kept[other, heads[other]] - costs[other]
        best[s, rank] = most
        come[s, rank] = -1 if chosen < 0 else chosen * k + heads[chosen]
        if chosen >= 0:
            heads[chosen] += 1


@numba.njit(cache=True)
def _search(bars: Floats, levels: Floats, costs: Floats, flat: int, k: int) -> tuple[Places, Floats]:
    rows, size = len(bars), len(levels)
    kept, best = np.full((size, k), -np.inf), np.full((size, k), -np.inf)
    come = np.full((rows, size, k), -1, dtype=np.int16)
    switch, heads = np.zeros(size), np.zeros(size, dtype=np.int64)
    kept[flat, 0] = 0.0
    for t in range(1, rows):
        first, close, mark, due = bars[t, OPEN_AT], bars[t, CLOSE_AT], bars[t, BEFORE], bars[t, DUE]
        if np.isnan(close) or np.isnan(mark):
            continue
        price = first if bars[t, FILLS] != 0.0 else close
        for s in range(size):
            kept[s] += levels[s] * (price - mark - due)
        if bars[t, FILLS] == 0.0:
            continue
        for s in range(size):
            for other in range(size):
                switch[other] = _cost(levels[other], levels[s], first, bars[t, ASKED], costs)
            _arrive(kept, switch, s, heads, best, come[t])
        for s in range(size):
            kept[s] = best[s] + levels[s] * (close - first)
    return _trace_back(kept, come, bars[:, FILLS], k)


@numba.njit(cache=True)
def _trace_back(kept: Floats, come: Places, fills: Floats, k: int) -> tuple[Places, Floats]:
    rows = len(fills)
    order = np.argsort(-kept.ravel(), kind="mergesort")[:k]
    states = np.zeros((k, rows), dtype=np.int16)
    values = np.full(k, -np.inf)
    for path in range(len(order)):
        place = order[path]
        values[path] = kept[place // k, place % k]
        if values[path] == -np.inf:
            continue
        for t in range(rows - 1, -1, -1):
            states[path, t] = place // k
            if t > 0 and fills[t] != 0.0:
                place = come[t, place // k, place % k]
    return states, values


@numba.njit(cache=True)
def _profit(bars: Floats, held: Floats, costs: Floats) -> Floats:
    found = np.zeros(len(held))
    for t in range(1, len(held)):
        found[t] = found[t - 1]
        first, close, mark, due = bars[t, OPEN_AT], bars[t, CLOSE_AT], bars[t, BEFORE], bars[t, DUE]
        if np.isnan(close) or np.isnan(mark):
            continue
        old, new = held[t - 1], held[t]
        if old == new:
            found[t] += new * (close - mark - due)
            continue
        rate = costs[1] + costs[0] * (1.0 + np.sign(new - old) * costs[1])
        found[t] += old * (first - mark - due) - abs(new - old) * first * rate + new * (close - first)
    return found
