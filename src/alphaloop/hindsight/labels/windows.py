"""Windows: which bars a label of a horizon reads, and when it ends.

A decision on a bar is taken when that bar closes (``start``); the window is the ``horizon``
bars after it, entered at the open of the first and left at the close of the last. Bars that
do not trade (missing, or the flat, volumeless bars of a halt) are holes: nobody could have
entered or left there. What a hole does to a horizon is a choice:

* by ``time``: the window is exactly ``horizon`` intervals long. If its first or its last
  bar is a hole, there is no label.
* by ``bars``: the window is the next ``horizon`` bars that trade, however long that takes:
  for markets that close at night.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from alphaloop.core.errors import InvalidOption, SchemaViolation
from alphaloop.core.market import CLOSE, FUNDING, HIGH, LOW, OPEN, VOLUME, Bools, Floats, Instrument, Ints, Market

By = Literal["time", "bars"]


@dataclass(frozen=True, slots=True)
class Windows:
    """One symbol's windows, one for each row of its market.

    Parameters
    ----------
    path : float array, shape (K, 6)
        The bars that trade, in order; columns as in :class:`alphaloop.core.market.Bars`.
    paid : float array, shape (K,), quote per base
        Funding that one unit long pays when the bar opens, that of halted bars just before included.
    slot : int array, shape (K,)
        Place of each of them: intervals since the first row, or its ordinal.
    here : int array, shape (T,)
        Last bar of ``path`` at or before each row; -1 where there is none yet.
    at : int array, shape (T,)
        Slot of the decision; the window is the slots ``at + 1 .. at + horizon``.
    entry, exit : int array, shape (T,)
        First and last bar of the window, as places in ``path``; -1 where it is a hole or not there.
    start : int array, shape (T,), microseconds UTC
        When the decision is taken: close of the row's bar.
    close : int array, shape (K,), microseconds UTC
        When each bar of ``path`` closes.
    horizon : int, bars
    decided : bool array, shape (T,)
        Whether the symbol has a bar to decide on.
    """

    path: Floats
    paid: Floats
    slot: Ints
    here: Ints
    at: Ints
    entry: Ints
    exit: Ints
    start: Ints
    close: Ints
    horizon: int
    decided: Bools

    @property
    def whole(self) -> Bools:
        """Where both ends of the window are known, shape (T,)."""
        return np.asarray(self.decided & (self.entry >= 0) & (self.exit >= 0))

    def ends(self, last: Ints) -> Ints:
        """When the bars ``last`` (places in ``path``) close, shape (T,), microseconds UTC; 0 for -1."""
        if len(self.close) == 0:
            return np.zeros(len(last), dtype=np.int64)
        return np.where(last >= 0, self.close[last], 0)


def windows(market: Market, asset: int, horizon: int, by: By = "time") -> Windows:
    """Windows of one symbol.

    Parameters
    ----------
    market : Market
    asset : int
        Place of the symbol.
    horizon : int, bars, >= 1
    by : {"time", "bars"}

    Raises
    ------
    InvalidOption
        If the horizon is below 1 or ``by`` is neither word.
    SchemaViolation
        If a window by time is asked of bars that are not on one grid of their timeframe.

    Examples
    --------
    >>> from alphaloop.core.time import Timeframe
    >>> bars = np.full((4, 1, 6), 10.0)
    >>> bars[2] = np.nan
    >>> market = Market(np.arange(4) * 60_000_000, ("X",), bars, Timeframe.parse("1m"))
    >>> windows(market, 0, 2).exit.tolist(), windows(market, 0, 2, "bars").exit.tolist()
    ([-1, 2, -1, -1], [2, -1, -1, -1])
    """
    if horizon < 1 or by not in ("time", "bars"):
        raise InvalidOption(f"a horizon of {horizon} bars by {by}", "1 or more, by time or bars", "")
    bars, step = market.values[:, asset, :], market.timeframe.us
    trades = tradable(bars)
    rows = np.flatnonzero(trades)
    here = np.cumsum(trades) - 1
    if by == "time":
        since = market.ts - market.ts[0] if len(market) else market.ts
        if bool((since % step).any()):
            raise SchemaViolation(
                "bars off the grid of their timeframe", f"opens a multiple of {step} us apart", "use by='bars'"
            )
        at = since // step
        slot = at[rows]
    else:
        at, slot = here, np.arange(len(rows))
    return Windows(
        np.ascontiguousarray(bars[rows]),
        _funding(bars, trades),
        slot,
        here,
        at,
        _find(slot, at + 1),
        _find(slot, at + horizon),
        market.ts + step,
        market.ts[rows] + step,
        horizon,
        ~np.isnan(bars[:, CLOSE]),
    )


def growth_of(instrument: Instrument, notional: float | None) -> float:
    """What slippage grows by with size: ``slippage + growth / sqrt(price)`` for a trade of ``notional``.

    Parameters
    ----------
    instrument : Instrument
        Its ``impact`` counts where slippage is paid at all, as in the simulator.
    notional : float, quote currency, optional
        Of the trade at its entry; ``notional / price`` base units go in and out.

    Returns
    -------
    float, fraction times the root of a price; 0 where size does not change slippage

    Raises
    ------
    InvalidOption
        If slippage grows with size and no size is named, or the size is not above zero.

    Examples
    --------
    25 units at 100: 0.0008 a root of a unit, so 0.004 beside the constant.

    >>> growth_of(Instrument("X", impact=0.0008), 2500.0) / 100**0.5
    0.004
    """
    if notional is not None and not 0 < notional < np.inf:
        raise InvalidOption(f"a notional of {notional}", "quote currency, above zero", "leave it out for no size")
    if instrument.impact == 0 or instrument.slippage == 0:
        return 0.0
    if notional is None:
        raise InvalidOption(
            f"{instrument.symbol}: impact {instrument.impact} and a label without a size",
            "the notional of the trade",
            "pass notional, or an instrument whose slippage size does not change",
        )
    return float(instrument.impact * np.sqrt(notional))


def tradable(bars: Floats) -> Bools:
    """Whether anything can fill, shape (T,): the bar exists and is not the flat, volumeless bar of a halt."""
    halted = (bars[:, VOLUME] == 0.0) & (bars[:, HIGH] == bars[:, LOW])
    return np.asarray(~np.isnan(bars[:, CLOSE]) & ~halted)


def _funding(bars: Floats, trades: Bools) -> Floats:
    """Rate times open of each bar that trades; a halt's is paid too, and counts with the next that trades."""
    due = np.nan_to_num(bars[:, FUNDING] * bars[:, OPEN])
    after: Ints = np.cumsum(trades) - trades  # how many trade before each row
    count = int(trades.sum())
    return np.asarray(np.bincount(after, weights=due, minlength=count)[:count], dtype=np.float64)


def _find(slot: Ints, wanted: Ints) -> Ints:
    """Place of each wanted slot, -1 where it is a hole."""
    if len(slot) == 0:
        return np.full(len(wanted), -1, dtype=np.int64)
    place = np.searchsorted(slot, wanted)
    found = slot[np.minimum(place, len(slot) - 1)] == wanted
    return np.where(found, place, -1)
