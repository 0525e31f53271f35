"""Forward returns: what holding a symbol over a window paid, on either side, before and after cost.

By the fill rules: in at the open after the decision, out at the close that ends the window,
both at market:

    net[side] = max(-1, side * (out / in - 1) - taker * (1 + out / in) - funding[side])
    in = open * (1 + side * slippage),  out = close * (1 - side * slippage)
    cost[side] = side * (close / open - 1) - net[side]

Where slippage grows with size it is that of the quantity, ``notional / open``, both ways.

A return less one number is right for neither side: funding turns its sign, fees follow the
exit price. No stop, no target, no liquidation: those trades are the barriers' business.
"""

from dataclasses import dataclass
from typing import Literal

import numba
import numpy as np

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import CLOSE, OPEN, Floats, Instrument, Ints
from alphaloop.hindsight.labels.windows import Windows, growth_of

Entry = Literal["open", "close"]
_FIELDS = 6


@dataclass(frozen=True, slots=True)
class Forward:
    """Forward returns of one symbol and horizon; all NaN where the window is not whole.

    Parameters
    ----------
    fwd_ret : float array, shape (T,), fraction
        ``close / open - 1`` of the window, before cost.
    cost_long, cost_short : float array, shape (T,), fraction
        What fees, slippage and funding take; below zero where funding pays more.
    net_long, net_short : float array, shape (T,), fraction
        What each side keeps; never below -1.
    variance : float array, shape (T,)
        Sum of squared log returns inside the window: its realised variance.
    start, end : int array, shape (T,), microseconds UTC
        The label's interval; ``end`` is 0 where there is no label.
    """

    fwd_ret: Floats
    cost_long: Floats
    cost_short: Floats
    net_long: Floats
    net_short: Floats
    variance: Floats
    start: Ints
    end: Ints


def forward(
    window: Windows, instrument: Instrument, entry: Entry = "open", *, notional: float | None = None
) -> Forward:
    """Forward returns of one symbol.

    Parameters
    ----------
    window : Windows
    instrument : Instrument
        Its ``taker_fee``, ``slippage`` and ``impact``.
    entry : {"open", "close"}
        ``close`` measures from the close that was decided on, which nobody can trade at:
        for comparison with work that does so.
    notional : float, quote currency, optional
        Of the trade, where slippage grows with size.

    Raises
    ------
    InvalidOption
        If ``entry`` is neither word, or the instrument's slippage grows with a size that is not named.

    Examples
    --------
    >>> from alphaloop.core.market import Market
    >>> from alphaloop.core.time import Timeframe
    >>> from alphaloop.hindsight.labels.windows import windows
    >>> bars = np.array([[[100.0] * 4 + [1.0, 0.0]], [[100.0, 110.0, 100.0, 110.0, 1.0, 0.0]]])
    >>> market = Market(np.arange(2) * 60_000_000, ("X",), bars, Timeframe.parse("1m"))
    >>> found = forward(windows(market, 0, 1), Instrument("X", taker_fee=0.001, slippage=0.0))
    >>> [round(float(one[0]), 6) for one in (found.fwd_ret, found.net_long, found.cost_short)]
    [0.1, 0.0979, 0.0021]
    """
    costs = (instrument.taker_fee, instrument.slippage, growth_of(instrument, notional))
    if entry not in ("open", "close"):
        raise InvalidOption(f"entry at the {entry}", "open or close", "")
    first = window.entry if entry == "open" else np.where(window.at == _slots(window), window.here, -1)
    whole = window.decided & (first >= 0) & (window.exit >= 0)
    first, last = np.where(whole, first, -1), np.where(whole, window.exit, -1)
    taken = _forward(window.path, window.paid, first, last, entry == "close", costs)
    ret, cost_long, cost_short, net_long, net_short, variance = taken
    return Forward(ret, cost_long, cost_short, net_long, net_short, variance, window.start, window.ends(last))


def utility(found: Forward, risk_aversion: float = 0.0) -> Floats:
    """Signed utility: what the better side is worth after cost and risk, 0 where neither is.

        u[side] = net[side] - risk_aversion / 2 * variance
        utility = side * max(0, u[side]) of the better side

    Parameters
    ----------
    found : Forward
    risk_aversion : float, >= 0
        Dimensionless: 0 is ``sign * max(|return| - cost, 0)``.

    Returns
    -------
    float array, shape (T,), fraction, signed by side

    Raises
    ------
    InvalidOption
        If the risk aversion is negative or infinite.
    """
    if not 0 <= risk_aversion < np.inf:
        raise InvalidOption(f"a risk aversion of {risk_aversion}", "zero or more", "use 0 for none")
    penalty = 0.5 * risk_aversion * found.variance
    long, short = found.net_long - penalty, found.net_short - penalty
    return np.where(long >= short, np.maximum(long, 0.0), -np.maximum(short, 0.0))


def classes(values: Floats, scale: Floats, edges: tuple[float, ...] = (-0.5, 0.5)) -> Ints:
    """Place of ``values / scale`` among ``edges``: 0 below the first, -1 where unknown.

    Parameters
    ----------
    values : float array, shape (T,)
        E.g. forward returns.
    scale : float array, shape (T,)
        Of the same unit: volatility of one bar times the root of the horizon.
    edges : tuple of float, ascending
        In units of the scale; an edge belongs to the class above it.

    Returns
    -------
    int array, shape (T,), -1 to len(edges)

    Raises
    ------
    InvalidOption
        If there are no edges, or they do not ascend.

    Examples
    --------
    >>> classes(np.array([-0.02, 0.0, 0.02, np.nan]), np.full(4, 0.01))
    array([ 0,  1,  2, -1])
    """
    if len(edges) == 0 or not bool((np.diff(edges) > 0).all()):
        raise InvalidOption(f"edges {edges}", "one or more, ascending", "use (-0.5, 0.5)")
    known = ~np.isnan(values) & (scale > 0)
    ratio = np.divide(values, scale, out=np.zeros(len(values)), where=known)
    return np.where(known, np.searchsorted(edges, ratio, side="right"), -1)


def _slots(window: Windows) -> Ints:
    """Slot of the last bar that trades at or before each row; -1 where there is none."""
    if len(window.slot) == 0:
        return np.full(len(window.here), -1, dtype=np.int64)
    return np.where(window.here >= 0, window.slot[window.here], -1)


@numba.njit(cache=True)
def _forward(
    path: Floats, paid: Floats, first: Ints, last: Ints, at_close: bool, costs: tuple[float, float, float]
) -> Floats:
    taker, constant, growth = costs
    found = np.full((_FIELDS, len(first)), np.nan)
    squares = np.zeros(len(path))
    for k in range(1, len(path)):
        squares[k] = np.log(path[k, CLOSE] / path[k - 1, CLOSE]) ** 2
    for row in range(len(first)):
        begin, end = first[row], last[row]
        if begin < 0 or end < 0:
            continue
        price = path[begin, CLOSE] if at_close else path[begin, OPEN]
        close = path[end, CLOSE]
        slippage = min(constant + growth / np.sqrt(price), 1.0)
        funding, variance = 0.0, np.log(path[begin, CLOSE] / price) ** 2
        for k in range(begin + 1, end + 1):
            variance += squares[k]
            funding += paid[k]
        found[0, row] = close / price - 1.0
        found[5, row] = variance
        for place in range(2):
            side = 1.0 - 2.0 * place
            into, out = price * (1.0 + side * slippage), close * (1.0 - side * slippage)
            net = side * (out / into - 1.0) - taker * (1.0 + out / into) - side * funding / into
            found[3 + place, row] = max(-1.0, net)
            found[1 + place, row] = side * found[0, row] - found[3 + place, row]
    return found
