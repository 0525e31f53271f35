"""The tape: one symbol's bars as the oracle walks them, and the sizes it may hold.

By the fill rules: a decision on a bar fills at the open of the next bar that trades, at
``open * (1 + side * slippage)`` and the taker fee; a position held before a bar pays
the funding of its open; positions are marked at closes. A bar that is missing changes
nothing; in a halt funding is paid and the mark moves, but nothing fills.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np

from alphaloop.core.errors import InvalidOption, NoData
from alphaloop.core.market import CLOSE, FUNDING, HIGH, LOW, OPEN, VOLUME, Bools, Floats, Instrument, Market
from alphaloop.core.orders import round_to_lot

OPEN_AT, CLOSE_AT, BEFORE, DUE, FILLS, ASKED = range(6)
_TRIES = 10_000


@dataclass(frozen=True, slots=True)
class Tape:
    """One symbol's bars, and its costs. T rows.

    Parameters
    ----------
    bars : float array, shape (T, 6)
        Columns ``open close before due fills asked``: prices, NaN where there is no bar; the mark
        before the bar (the last close); the funding one unit long pays at the open, quote per
        base; 1 where an order of an earlier bar fills: the bar trades, and there was one before it;
        the highest mark an order that fills here can have been sized at: it waits through halts.
    levels : float array, shape (S,), base units
        The positions it may hold, ascending, zero among them.
    costs : float array, shape (3,)
        Taker fee and slippage, fractions; the least notional of a change that neither closes
        nor turns, quote currency.
    """

    bars: Floats
    levels: Floats
    costs: Floats

    @property
    def flat(self) -> int:
        """Place of no position among the levels."""
        return int(np.flatnonzero(self.levels == 0.0)[0])

    def __len__(self) -> int:
        return len(self.bars)


def tape(market: Market, asset: int, instrument: Instrument, levels: Floats) -> Tape:
    """A symbol's tape.

    Parameters
    ----------
    market : Market
    asset : int
        Place of the symbol.
    instrument : Instrument
        Taker fee, slippage, least notional; what is not a perpetual cannot be short.
    levels : float array, shape (S,), base units
        Positions it may hold, ascending, zero among them.

    Raises
    ------
    NoData
        If the symbol has no bar.
    InvalidOption
        If the levels do not ascend, miss zero, or are short where one cannot be; or if the
        instrument's slippage grows with size: then wealth is not linear.
    """
    if instrument.impact > 0:
        raise InvalidOption(
            f"{instrument.symbol}: impact {instrument.impact}", "slippage that size does not change", ""
        )
    ascend = len(levels) > 1 and bool(np.isfinite(levels).all() and (np.diff(levels) > 0).all())
    if not ascend or 0.0 not in levels.tolist():
        raise InvalidOption(f"positions {levels.tolist()}", "two or more, ascending, zero among them", "use (-1, 0, 1)")
    if instrument.kind != "perp" and levels[0] < 0:
        raise InvalidOption(
            f"{instrument.symbol}: short a {instrument.kind}", "positions of zero or more", "use (0, 1)"
        )
    bars = market.values[:, asset, :]
    opens, closes = np.ascontiguousarray(bars[:, OPEN]), np.ascontiguousarray(bars[:, CLOSE])
    there = ~np.isnan(closes)
    if not there.any():
        raise NoData(f"no bar of {instrument.symbol}", "one or more", "widen the window")
    halted = (bars[:, VOLUME] == 0.0) & (bars[:, HIGH] == bars[:, LOW])
    rows = np.maximum.accumulate(np.where(there, np.arange(len(there)), -1))
    mark = np.where(rows >= 0, closes[rows], np.nan)
    before = np.concatenate(([np.nan], mark[:-1]))
    fills = there & ~halted & ~np.isnan(before)
    due = np.nan_to_num(opens * bars[:, FUNDING])
    costs = np.array([instrument.taker_fee, instrument.slippage, instrument.min_notional])
    asked = _asked(before, there & ~halted)
    bars = np.stack([opens, closes, before, due, fills, asked], axis=1)
    return Tape(bars, np.asarray(levels, dtype=np.float64), costs)


@numba.njit(cache=True)
def _asked(before: Floats, trades: Bools) -> Floats:
    """The highest mark since the last bar that traded, that bar's close included."""
    found = before.copy()
    for t in range(1, len(before)):
        if not trades[t - 1] and found[t - 1] > found[t]:
            found[t] = found[t - 1]
    return found


def whole_lots(instrument: Instrument, unit: float, grid: Sequence[float]) -> Floats:
    """The grid in base units, zero included, ascending: the nearest sizes below that keep their lots.

    A venue cuts each change to whole lots, in floating point; sizes are taken between which
    no change loses one.

    Parameters
    ----------
    instrument : Instrument
        Its lot.
    unit : float, base units
        Size of a position of 1.
    grid : sequence of float
        Positions in units. ``(-3, 0, 3)`` is thrice the size, whatever its margin: the oracle
        has none to lose.

    Returns
    -------
    float array, shape (S,), base units

    Raises
    ------
    InvalidOption
        If sizes are not finite, or closer than a lot.

    Examples
    --------
    >>> from decimal import Decimal
    >>> whole_lots(Instrument("X", lot=Decimal("0.5")), 3.2, (-1, 1))
    array([-3.,  0.,  3.])
    """
    wanted = sorted({0.0, *(float(one) for one in grid)})
    if not (0 < unit < math.inf and all(math.isfinite(one) for one in wanted) and len(wanted) > 1):
        raise InvalidOption(
            f"positions {list(grid)} of {unit} units", "finite sizes, one besides zero", "use (-1, 0, 1)"
        )
    lot = float(instrument.lot)
    lots = math.floor(unit / lot + 1e-9)
    for fewer in range(min(_TRIES, lots)):
        levels = np.array([round(one * (lots - fewer)) * lot for one in wanted])
        if len(set(levels.tolist())) == len(wanted) and _kept(levels.tolist(), lot):
            return levels
    raise InvalidOption(
        f"positions {list(grid)} of {unit} units", f"sizes that differ by lots of {lot}", "larger units"
    )


def _kept(levels: list[float], lot: float) -> bool:
    """Whether every change between two levels arrives exactly."""
    return all(
        target == 0.0 or held + round_to_lot(target - held, lot) == target for held in levels for target in levels
    )
