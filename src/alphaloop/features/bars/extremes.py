"""Highest and lowest of sliding windows: the same blocks of doubling length as in ``moments``.

A window of n is covered by two blocks of the largest power of two within it; that they
overlap does not matter to an extreme. Nothing is carried from row to row.
"""

import numpy as np

from alphaloop.core.market import Floats, Ints
from alphaloop.execution.simulator.jit import borrow
from alphaloop.features.family import compiled


@compiled
def _higher(one: Floats, other: Floats, out: Floats) -> None:
    for k in range(len(out)):
        out[k] = one[k] if one[k] > other[k] else other[k]


@compiled
def _lower(one: Floats, other: Floats, out: Floats) -> None:
    for k in range(len(out)):
        out[k] = one[k] if one[k] < other[k] else other[k]


@compiled
def _place(values: Floats, first: int, unknown: float, out: Floats) -> None:
    """Rows from ``first`` on; ``unknown`` where they lie before row 0."""
    gap = min(max(0, -first), len(out))
    out[:gap] = unknown
    known, rest = values[first + gap : first + len(out)], out[gap:]
    for k in range(len(known)):
        rest[k] = known[k]


@compiled
def _mark_unknown(start: int, windows: Ints, tops: Floats, bottoms: Floats) -> None:
    for p in range(len(windows)):
        for k in range(min(tops.shape[1], max(0, windows[p] - 1 - start))):
            tops[p, k], bottoms[p, k] = np.nan, np.nan


@compiled
def extremes(
    ranges: tuple[Floats, Floats], start: int, rows: int, windows: Ints, work: Floats, tops: Floats, bottoms: Floats
) -> None:
    """Highest of the highs and lowest of the lows, ``ranges``, over the last ``windows[p]`` rows.

    At ``rows`` rows from ``start``, no more than a tile has: (P, TILE) each, NaN until there are as many rows.
    ``work``, ``tops`` and ``bottoms`` are from :func:`~alphaloop.features.bars.moments.tiles`.
    """
    longest, size = int(np.max(windows)), 1
    wide = rows + longest - 1
    work, tops, bottoms = borrow(work), borrow(tops), borrow(bottoms)
    high, low, next_high, next_low = work[0], work[1], work[2], work[3]
    _place(ranges[0], start - longest + 1, -np.inf, high[:wide])
    _place(ranges[1], start - longest + 1, np.inf, low[:wide])
    while True:
        for p in range(len(windows)):
            if size <= windows[p] < 2 * size:
                newest, oldest = longest - 1, longest - 1 + size - int(windows[p])
                new, old = slice(newest, newest + rows), slice(oldest, oldest + rows)
                _higher(high[new], high[old], tops[p, :rows])
                _lower(low[new], low[old], bottoms[p, :rows])
        if 2 * size > longest:
            break
        new, old = slice(2 * size - 1, wide), slice(size - 1, wide - size)
        _higher(high[new], high[old], next_high[new])
        _lower(low[new], low[old], next_low[new])
        high, low, next_high, next_low = next_high, next_low, high, low
        size *= 2
    _mark_unknown(start, windows, tops, bottoms)
