"""The triple barrier: which comes first, the target, the stop, or the end of time.

One side is held from the open after the decision. The levels stand ``stop`` and ``target``
widths from the price paid, and act by the fill rules: from the entry bar on, an open beyond
a level fills there; when one bar holds both levels, the stop comes first, and ``both`` says
so. After ``horizon`` bars the vertical barrier leaves at the close.

    +1  the target   -1  the stop   0  neither, in time

A touch ends the label: what comes after it is not read. Until then every bar must be
known: behind a hole a barrier may have been touched, so the label is missing.
"""

from dataclasses import dataclass

import numba
import numpy as np

from alphaloop.core.errors import InvalidOption, SchemaViolation
from alphaloop.core.market import CLOSE, HIGH, LOW, OPEN, Bools, Floats, Instrument, Ints
from alphaloop.hindsight.labels.windows import Windows, growth_of

MISSING = -2


@dataclass(frozen=True, slots=True)
class Barriers:
    """Triple-barrier labels of one symbol.

    Parameters
    ----------
    label : int array, shape (T,)
        +1, -1, 0; -2 where there is none.
    ret : float array, shape (T,), fraction
        Side times the move from the open of the entry to the price of the exit, before cost.
    net : float array, shape (T,), fraction
        The same after slippage, fees and funding, never below -1: a target pays the maker fee
        and no slippage, everything else the taker fee and slippage.
    bars : int array, shape (T,)
        Bars held, the entry bar included; 0 where there is no label.
    both : bool array, shape (T,)
        The bar of the exit held both levels, and which came first cannot be known.
    start, end : int array, shape (T,), microseconds UTC
        Decision, and close of the bar of the exit; ``end`` is 0 where there is no label.
    """

    label: Ints
    ret: Floats
    net: Floats
    bars: Ints
    both: Bools
    start: Ints
    end: Ints


def triple_barrier(
    window: Windows,
    instrument: Instrument,
    width: Floats | float,
    *,
    side: int = 1,
    stop: float = 1.0,
    target: float = 1.0,
    notional: float | None = None,
) -> Barriers:
    """Label each row by the first barrier that its window touches.

    Parameters
    ----------
    window : Windows
    instrument : Instrument
        Fees and slippage.
    width : float, or float array of shape (T,), fraction of the entry price
        One for all is a fixed barrier. For one scaled by volatility pass
        ``ewm_volatility(window) * sqrt(horizon)``. NaN gives no label.
    side : {1, -1}
        Held long or short.
    stop, target : float, > 0
        Distances in widths; infinite for no such barrier.
    notional : float, quote currency, optional
        Of the trade at its entry, where slippage grows with size.

    Raises
    ------
    InvalidOption
        If a distance, a width or the side cannot be, or the instrument's slippage grows with a size that is not named.
    SchemaViolation
        If there is not one width for each row.

    Source
    ------
    Lopez de Prado (2018), Advances in Financial Machine Learning, section 3.4 (triple-barrier
    method). There a barrier is touched by closes; here by the bar, as an order would be.

    Examples
    --------
    >>> from alphaloop.core.market import Market
    >>> from alphaloop.core.time import Timeframe
    >>> from alphaloop.hindsight.labels.windows import windows
    >>> bars = np.array([[[100.0, 100.5, 99.5, 100.0, 1.0, 0.0]], [[100.0, 103.0, 99.0, 101.0, 1.0, 0.0]]])
    >>> market = Market(np.arange(2) * 60_000_000, ("X",), bars, Timeframe.parse("1m"))
    >>> free = Instrument("X", taker_fee=0.0, maker_fee=0.0, slippage=0.0)
    >>> found = triple_barrier(windows(market, 0, 5), free, 0.02)
    >>> found.label.tolist(), found.ret[0].round(6)
    ([1, -2], np.float64(0.02))
    """
    growth = growth_of(instrument, notional)
    if side not in (1, -1) or not (stop > 0 and target > 0):
        raise InvalidOption(f"side {side}, stop {stop}, target {target}", "side 1 or -1, distances above zero", "")
    widths = np.ascontiguousarray(np.broadcast_to(np.asarray(width, dtype=np.float64), window.at.shape))
    if np.ndim(width) and np.shape(width) != window.at.shape:
        raise SchemaViolation(f"widths of shape {np.shape(width)}", f"{window.at.shape}", "one for each row")
    if bool((widths <= 0).any()):
        raise InvalidOption("a width of zero or less", "fractions above zero, NaN for no label", "")
    first = np.where(window.decided, window.entry, -1)
    costs = np.array([side, stop, target, instrument.taker_fee, instrument.maker_fee, instrument.slippage, growth])
    label, last, both, ret, net = _barriers(window.path, window.paid, window.slot, first, window.horizon, widths, costs)
    bars = np.where(last >= 0, last - first + 1, 0)
    return Barriers(label, ret, net, bars, both, window.start, window.ends(last))


@numba.njit(cache=True)
def _exit(path: Floats, k: int, side: float, low: float, high: float) -> tuple[int, float]:
    """Which barrier bar ``k`` touches and at what price; 0 for none."""
    if side * (path[k, OPEN] - low) <= 0.0:
        return -1, path[k, OPEN]
    if side * (path[k, OPEN] - high) >= 0.0:
        return 1, path[k, OPEN]
    worst = path[k, LOW] if side > 0.0 else path[k, HIGH]
    best = path[k, HIGH] if side > 0.0 else path[k, LOW]
    if side * (worst - low) <= 0.0:
        return -1, low
    if side * (best - high) >= 0.0:
        return 1, high
    return 0, path[k, CLOSE]


@numba.njit(cache=True)
def _barriers(
    path: Floats, paid: Floats, slot: Ints, first: Ints, horizon: int, widths: Floats, costs: Floats
) -> tuple[Ints, Ints, Bools, Floats, Floats]:
    size = len(first)
    label, last, both = np.full(size, MISSING), np.full(size, -1), np.zeros(size, dtype=np.bool_)
    ret, net = np.full(size, np.nan), np.full(size, np.nan)
    side, stop, target, taker, maker, constant, growth = costs
    for row in range(size):
        begin = first[row]
        if begin < 0 or np.isnan(widths[row]):
            continue
        slippage = min(constant + growth / np.sqrt(path[begin, OPEN]), 1.0)
        entry = path[begin, OPEN] * (1.0 + side * slippage)
        low, high = entry * (1.0 - side * stop * widths[row]), entry * (1.0 + side * target * widths[row])
        funding = 0.0
        for k in range(begin, min(begin + horizon, len(slot))):
            if slot[k] - slot[begin] != k - begin:
                break
            if k > begin:
                funding += side * paid[k] / entry
            touched, price = _exit(path, k, side, low, high)
            if touched == 0 and k - begin + 1 < horizon:
                continue
            label[row], last[row] = touched, k
            at_open = price == path[k, OPEN]
            worst, best = (path[k, LOW], path[k, HIGH]) if side > 0.0 else (path[k, HIGH], path[k, LOW])
            both[row] = touched != 0 and not at_open and side * (worst - low) <= 0.0 and side * (best - high) >= 0.0
            out = price if touched == 1 else price * (1.0 - side * slippage)
            ret[row] = side * (price / path[begin, OPEN] - 1.0)
            net[row] = side * (out / entry - 1.0) - taker - (maker if touched == 1 else taker) * out / entry - funding
            net[row] = max(-1.0, net[row])
            break
    return label, last, both, ret, net
