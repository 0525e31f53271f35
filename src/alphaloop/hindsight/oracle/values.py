"""Values: what each position is worth from each bar to the end, if all that follows is done best.

Backwards in time, with ``q`` a position after bar ``t``:

    V[T-1](q) = 0
    V[t-1](q) = hold[t](q) + max over q' of (run[t](q') - switch[t](q, q') + V[t](q'))

    hold[t](q)       = q * (open - mark before) - q * open * funding rate
    run[t](q)        = q * (close - open)
    switch[t](q, q') = |q' - q| * open * (slippage + taker * (1 + side * slippage))

Linear in the positions, so between the levels -Q, 0 and Q a value is the straight line
between theirs: a path of any sizes is an average of paths on these levels, in profit
and in cost. Holding more than the grid's outermost level is another question.
"""

import numba
import numpy as np

from alphaloop.core.market import Floats
from alphaloop.hindsight.oracle.tape import ASKED, BEFORE, CLOSE_AT, DUE, FILLS, OPEN_AT, Tape


def future_values(given: Tape) -> Floats:
    """Best profit to come, by position held after each bar.

    Returns
    -------
    float array, shape (T, S), quote currency
        Row ``t``: from after bar ``t`` to the last close; zero in the last row.

    Source
    ------
    Bellman (1957), Dynamic Programming: the principle of optimality.

    Examples
    --------
    >>> from alphaloop.core.market import Instrument, Market
    >>> from alphaloop.core.time import Timeframe
    >>> from alphaloop.hindsight.oracle.tape import tape
    >>> closes = np.array([10.0, 10.0, 12.0, 11.0])
    >>> opens = np.array([10.0, 10.0, 10.0, 12.0])
    >>> high, low = np.maximum(opens, closes), np.minimum(opens, closes)
    >>> bars = np.stack([opens, high, low, closes, closes, 0 * closes], axis=1)
    >>> market = Market(np.arange(4) * 60_000_000, ("X",), bars[:, None], Timeframe.parse("1m"))
    >>> free = Instrument("X", taker_fee=0.0, slippage=0.0)
    >>> future_values(tape(market, 0, free, np.array([-1.0, 0.0, 1.0])))[0]
    array([3., 3., 3.])
    """
    return _values(given.bars, given.levels, given.costs)


def action_values(given: Tape, held: int) -> Floats:
    """What deciding on each position would have been worth on each bar, from a position held.

    Parameters
    ----------
    given : Tape
    held : int
        Place among the levels of what is held when deciding.

    Returns
    -------
    float array, shape (T, S), quote currency
        Profit from the decision on bar ``t`` to the end if level ``s`` is ordered now and all
        that follows is done best. NaN where the next bar does not fill, and in the last row.
        Its largest entry less another one is what that decision gives away.
    """
    after = future_values(given)
    found = np.full_like(after, np.nan)
    opens, closes, before, due, fills, asked = given.bars[1:].T[:, :, None]
    taker, slippage, least = given.costs.tolist()
    levels = given.levels
    change = levels - levels[held]
    rate = slippage + taker * (1.0 + np.sign(change) * slippage)
    hold = levels[held] * (opens - before - due)
    gain = hold + levels * (closes - opens) - np.abs(change) * opens * rate
    small = (np.abs(change) * asked < least) & (levels != 0.0) & (levels * levels[held] >= 0.0) & (change != 0.0)
    found[:-1] = np.where((fills == 1.0) & ~small, gain + after[1:], np.nan)
    return found


@numba.njit(cache=True)
def _values(bars: Floats, levels: Floats, costs: Floats) -> Floats:
    size = len(levels)
    value = np.zeros((len(bars), size))
    taker, slippage, least = costs
    for t in range(len(bars) - 1, 0, -1):
        first, close, mark, due = bars[t, OPEN_AT], bars[t, CLOSE_AT], bars[t, BEFORE], bars[t, DUE]
        if np.isnan(close) or np.isnan(mark):
            value[t - 1] = value[t]
            continue
        if bars[t, FILLS] == 0.0:
            for s in range(size):
                value[t - 1, s] = value[t, s] + levels[s] * (close - mark - due)
            continue
        for s in range(size):
            held = levels[s]
            best = levels[s] * (close - first) + value[t, s]
            for other in range(size):
                target = levels[other]
                change = target - held
                if abs(change) * bars[t, ASKED] < least and target != 0.0 and target * held >= 0.0:
                    continue
                rate = slippage + taker * (1.0 + np.sign(change) * slippage)
                best = max(best, target * (close - first) - abs(change) * first * rate + value[t, other])
            value[t - 1, s] = held * (first - mark - due) + best
    return value
