"""Highest and lowest of sliding windows: the same blocks of doubling length as in ``moments``.

A window of n is covered by two blocks of the largest power of two within it; that they
overlap does not matter to an extreme. One that begins before the first row is unknown.
"""

from alphaloop.core.market import Floats
from alphaloop.execution.simulator.jit import inlined
from alphaloop.features.bars.lanes import WIDTH, Lanes, above, ask_ahead, load, store
from alphaloop.features.bars.moments import NEWER, OLDER, Blocks, before, lay, place


@inlined
def _higher(one: Lanes, other: Lanes) -> Lanes:
    return above(one, other, one, other)


@inlined
def _lower(one: Lanes, other: Lanes) -> Lanes:
    return above(other, one, one, other)


@inlined
def lay_extremes(high: Floats, low: Floats, row: int, rows: int, blocks: Blocks) -> None:
    """Begin a tile: highs and lows in place of sums and spreads, ``rows`` of them from ``row`` on."""
    lay(high, row, rows, blocks)
    for k in range(0, rows, WIDTH):
        ask_ahead(low, row + k)
    first, bottoms = low[row : row + rows], blocks.spreads[place(0) : place(0) + rows]
    for k in range(len(bottoms)):
        bottoms[k] = first[k]


@inlined
def _join(blocks: Blocks, level: int, at: int, top: Lanes, bottom: Lanes) -> tuple[Lanes, Lanes]:
    """Extremes of the blocks twice as long, from those at hand and those before; both are kept."""
    first = place(level) + at
    top = _higher(top, before(blocks.sums, first, top, level))
    bottom = _lower(bottom, before(blocks.spreads, first, bottom, level))
    first = place(level + 1) + at
    store(blocks.sums, first, top)
    store(blocks.spreads, first, bottom)
    return top, bottom


@inlined
def climb_extremes(blocks: Blocks, at: int) -> None:
    """Highest highs and lowest lows of the blocks at the eight rows from row ``at`` of the tile on."""
    top, bottom = load(blocks.sums, place(0) + at), load(blocks.spreads, place(0) + at)
    if blocks.top > 0:  # by themselves, as in ``moments.climb``
        top, bottom = _join(blocks, 0, at, top, bottom)
    if blocks.top > 1:
        top, bottom = _join(blocks, 1, at, top, bottom)
    if blocks.top > 2:
        top, bottom = _join(blocks, 2, at, top, bottom)
    for level in range(3, blocks.top):
        top, bottom = _join(blocks, level, at, top, bottom)


@inlined
def highest(blocks: Blocks, p: int, at: int) -> Lanes:
    """Highest of the ``p``-th windows, those that end at the eight rows from row ``at`` of the tile on."""
    tops = blocks.sums
    return _higher(load(tops, blocks.places[p, NEWER] + at), load(tops, blocks.places[p, OLDER] + at))


@inlined
def lowest(blocks: Blocks, p: int, at: int) -> Lanes:
    """Lowest of the same windows."""
    bottoms = blocks.spreads
    return _lower(load(bottoms, blocks.places[p, NEWER] + at), load(bottoms, blocks.places[p, OLDER] + at))
