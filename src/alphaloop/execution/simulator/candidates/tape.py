"""A tape: one symbol's bars, checked once, in the form the compiled stages read.

Checking a million bars costs as much as labelling a hundred thousand candidates, so who asks
many times (a reinforcement-learning loop, a sweep) prepares the tape once and passes it on.
"""

from dataclasses import dataclass

import numpy as np

from alphaloop.core.errors import InvalidOption, SchemaViolation, UnsortedData
from alphaloop.core.market import Floats, Ints
from alphaloop.execution.simulator.candidates.columns import Table, column, names_of, optional
from alphaloop.execution.simulator.candidates.compiled import survey
from alphaloop.execution.simulator.candidates.records import BLOCK, Bars

PRICES = ("open", "high", "low", "close")
OFF_GRID = 1e-6  # of a tick: further away is no rounding of floating point


@dataclass(frozen=True, slots=True)
class Tape:
    """Checked bars. ``tick`` is quote currency per step of ``bars``' prices, 0 where they are prices."""

    bars: Bars
    tick: float = 0.0

    def __len__(self) -> int:
        return len(self.bars.open)

    def prices(self, steps: Floats) -> Floats:
        """Prices from what the stages wrote; a grid price comes out as its nearest float64."""
        if self.tick == 0.0:
            return steps
        whole = round(1.0 / self.tick)
        return steps / whole if abs(whole * self.tick - 1.0) < 1e-12 else steps * self.tick


def prepare(table: Table, *, tick: float | None = None) -> Tape:
    """Check one symbol's bars and lay them out.

    Parameters
    ----------
    table : mapping of arrays, or a polars frame
        ``open high low close`` (T,), quote currency; optional ``ts`` (T,), ``funding_rate`` (T,),
        fraction of notional paid at that bar's open, 0 elsewhere; ``mark`` (T,), or ``mark_low``
        and ``mark_high`` (T,): the prices that liquidation looks at instead of trades; ``volume``
        (T,), by which a halted bar is known.
    tick : float, quote currency, optional
        The price grid. Prices become whole numbers of ticks, and a level that float64 cannot
        tell from a grid price is that price.

    Raises
    ------
    SchemaViolation
        If a column is missing or of another length, or a bar has a price that is not finite and
        above zero, or an open or close outside its low and high, or that is off the grid.
    UnsortedData
        If ``ts`` is not strictly ascending.

    Examples
    --------
    >>> len(prepare({"open": [1.0], "high": [2.0], "low": [1.0], "close": [1.5]}))
    1
    """
    first = column(table, "open", np.float64)
    prices = [first, *(column(table, name, np.float64, len(first)) for name in PRICES[1:])]
    _check_times(table, len(first))
    rate = optional(table, "funding_rate", np.float64, len(first))
    marks = [optional(table, name, np.float64, len(first)) for name in _mark_columns(table)]
    _check_rates(rate, marks)
    step = 0.0 if tick is None else tick
    if step:
        prices, marks = [_on_grid(array, step) for array in prices], [mark / step for mark in marks]
    paid_at = np.flatnonzero(rate)
    halted = _halts(table, prices)
    first, high, low, close = prices
    blocks = np.empty((6, len(first) // BLOCK))
    bars = Bars(
        first, high, low, close, marks[0], marks[1], rate, halted, paid_at, rate[paid_at] * first[paid_at], blocks
    )
    _check(bars, table)
    return Tape(bars, step)


def _mark_columns(table: Table) -> tuple[str, str]:
    return ("mark", "mark") if "mark" in names_of(table) else ("mark_low", "mark_high")


def _check_rates(rate: Floats, marks: list[Floats]) -> None:
    if not bool(np.isfinite(rate).all()):
        row = int(np.argmin(np.isfinite(rate)))
        raise SchemaViolation(f"funding_rate {rate[row]} at bar {row}", "a number", "fill 0 where none is paid")
    for mark in marks:
        sound = np.isfinite(mark) & (mark > 0)
        if not bool(sound.all()):
            row = int(np.argmin(sound))
            raise SchemaViolation(f"mark {mark[row]} at bar {row}", "a price above zero", "leave mark prices out")
    if len(marks[0]) != len(marks[1]):
        raise SchemaViolation("one of mark_low and mark_high", "both", "or one column 'mark'")


def _check(bars: Bars, table: Table) -> None:
    row = survey(bars)
    if row >= 0:
        shown = ", ".join(f"{name} {np.asarray(table[name])[row]}" for name in PRICES)
        raise SchemaViolation(
            f"bar {row} with {shown}",
            "finite prices above zero, low <= open, close <= high",
            "drop or repair it; a missing bar has no place on a tape",
        )


def _check_times(table: Table, length: int) -> None:
    if "ts" not in names_of(table):
        return
    ts = np.asarray(table["ts"])
    if ts.shape != (length,):
        raise SchemaViolation(f"'ts' of shape {ts.shape}", f"({length},)", "give columns of one length")
    late = ts[1:] > ts[:-1]
    if not bool(late.all()):
        row = int(np.argmin(late)) + 1
        raise UnsortedData(f"bar {row} at {ts[row]} after {ts[row - 1]}", "strictly ascending", "sort and deduplicate")


def _on_grid(prices: Floats, tick: float) -> Floats:
    if not 0 < tick < np.inf:
        raise InvalidOption(f"tick {tick}", "a price step above zero", "leave it out where it is not known")
    steps: Floats = np.rint(prices / tick)
    off = np.abs(prices / tick - steps) > OFF_GRID
    if bool(off.any()):
        row = int(np.argmax(off))
        raise SchemaViolation(f"price {prices[row]} at bar {row}", f"a multiple of {tick}", "correct the tick")
    return steps


def _halts(table: Table, prices: list[Floats]) -> Ints:
    """Bars before each that do not trade; empty where all do. A bar of unknown volume trades."""
    volume = optional(table, "volume", np.float64, len(prices[0]))
    if len(volume) == 0:
        return np.empty(0, np.int64)
    still = (volume == 0.0) & (prices[1] == prices[2])
    if not bool(still.any()):
        return np.empty(0, np.int64)
    count: Ints = np.concatenate([[0], np.cumsum(still)])
    return count
