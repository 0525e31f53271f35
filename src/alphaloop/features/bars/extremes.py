"""Highest and lowest of sliding windows: the same blocks of doubling length as in ``moments``.

A window of n is covered by two blocks of the largest power of two within it; that they
overlap does not matter to an extreme. One that begins before the first row is unknown.
"""

from alphaloop.core.market import Floats
from alphaloop.execution.simulator.jit import inlined
from alphaloop.features.bars.moments import Blocks, copy, level_of, place
from alphaloop.features.family import compiled


@inlined
def _higher(one: Floats, other: Floats, out: Floats) -> None:
    for k in range(len(out)):
        out[k] = one[k] if one[k] > other[k] else other[k]


@inlined
def _lower(one: Floats, other: Floats, out: Floats) -> None:
    for k in range(len(out)):
        out[k] = one[k] if one[k] < other[k] else other[k]


@compiled
def climb_extremes(high: Floats, low: Floats, row: int, rows: int, blocks: Blocks) -> None:
    """Highest highs and lowest lows in place of sums and spreads, at ``rows`` rows from ``row`` on."""
    tops, bottoms = blocks.sums, blocks.spreads
    copy(high[row : row + rows], tops[place(0) : place(0) + rows])
    copy(low[row : row + rows], bottoms[place(0) : place(0) + rows])
    for level in range(level_of(blocks.longest)):
        half, first, made_first = 1 << level, place(level), place(level + 1)
        new, old = slice(first, first + rows), slice(first - half, first - half + rows)
        made = slice(made_first, made_first + rows)
        _higher(tops[new], tops[old], tops[made])
        _lower(bottoms[new], bottoms[old], bottoms[made])


@compiled
def highest(blocks: Blocks, n: int, first: int, out: Floats) -> None:
    """Highest of the windows of ``n`` values that end at rows of the tile, from its row ``first`` on."""
    level = level_of(n)
    at, back = place(level) + first, n - (1 << level)
    _higher(blocks.sums[at : at + len(out)], blocks.sums[at - back : at - back + len(out)], out)


@compiled
def lowest(blocks: Blocks, n: int, first: int, out: Floats) -> None:
    """Lowest of the same windows."""
    level = level_of(n)
    at, back = place(level) + first, n - (1 << level)
    _lower(blocks.spreads[at : at + len(out)], blocks.spreads[at - back : at - back + len(out)], out)
