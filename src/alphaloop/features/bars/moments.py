"""Mean and spread of sliding windows, each as good as computed by itself.

A window of n values is the sum of blocks whose lengths are the powers of two in n, the
newest block the shortest: 12 = 4 + 8. The blocks ending at every row come from those half
as long, ``block[i] + block[i - half]``, so all windows of one column share them, and eight
rows are made at a time. Rows are taken tile by tile: the last blocks of a tile are put
before the next, so none is made twice; they are the very numbers that a tile which began
there would make. Nothing else is carried from row to row: a row has the same bits in a
batch and alone, nothing drifts, and what left a window leaves no trace.

A kernel goes through a tile eight rows a step, and asks for the windows that end there two
steps later: by then their blocks stand in memory, and roots and divisions of those rows are
worked out while the sums of the next are made. Rows of a tile beyond the last are made of
what lies there, and never written.

Means and sums of squared deviations ("spreads") of two blocks are joined by Chan's formula,
which never takes large numbers from each other (sums of squares, as TA-Lib keeps them,
lose all digits when the mean is large against the spread). A window whose values are all
equal has their mean and a spread of zero to the last digit; one with an unknown value
(NaN, or a row before the first) is unknown.

Source
------
Chan, Golub, LeVeque (1983), The American Statistician 37(3), 242-247, pairwise updating.
"""

from typing import NamedTuple

import numpy as np

from alphaloop.core.market import Floats, Ints
from alphaloop.execution.simulator.jit import borrow, inlined
from alphaloop.features.bars.lanes import LINE, WIDTH, Lanes, ask_ahead, back, every, fused, load, store
from alphaloop.features.family import compiled

TILE = 192  # rows at a time: the blocks of a tile stay in the first cache
PADDING = 40  # keeps the blocks of two levels off each other's cache lines
LATE = 2 * WIDTH  # rows between those whose blocks are made and those whose windows are asked for
SHARE, WEIGHT, REACH = range(3)
DEPTH = 32  # blocks that a window may be made of
NEWER, OLDER = DEPTH - 2, DEPTH - 1  # in their last places: two blocks of equal length that cover it, and overlap
PART = 4  # room for the numbers that say how a block of a window is joined to the newer ones, as named above


class Blocks(NamedTuple):
    """Sums and spreads of the blocks that end at the rows of a tile, those of each length one after the other.

    Blocks of ``2**level`` values begin at :func:`place` of the level; as many as they have values stand
    before, of the rows before the tile. ``places`` (P, DEPTH) says where the blocks of each window stand,
    the newest first, ``parts`` (P, DEPTH * PART) the share that turns the sum of each into a mean and the
    two weights of Chan's formula. A window that is one block has a second of no weight. ``longest`` is
    the longest window, ``top`` its :func:`level_of`.
    """

    sums: Floats
    spreads: Floats
    places: Ints
    parts: Floats
    longest: int
    top: int


@compiled
def place(level: int) -> int:
    """Where the blocks of ``2**level`` values begin."""
    return max(WIDTH, 2 << level) + level * (TILE + PADDING)


@compiled
def level_of(size: int) -> int:
    """The level of the longest blocks within ``size`` values."""
    level = 0
    while 2 << level <= size:
        level += 1
    return level


@compiled
def _size(longest: int) -> int:
    return int(place(level_of(longest))) + TILE + PADDING


@compiled
def room_for(windows: Ints) -> Floats:
    """Memory for :func:`blocks_in`; whoever asks for it holds it with :func:`hold` while the blocks are in use."""
    longest = int(np.max(windows))
    return np.empty(2 * _size(longest) + len(windows) * DEPTH * (1 + PART) + WIDTH)


@compiled
def _say_parts(windows: Ints, places: Ints, parts: Floats) -> None:
    """Write down of which blocks each window is made: the powers of two in its length, the shortest newest."""
    for p in range(len(windows)):
        places[p, 1], parts[p, PART : 2 * PART] = place(0), 0.0
        longest = level_of(windows[p])
        places[p, NEWER], places[p, OLDER] = place(longest), place(longest) + (1 << longest) - windows[p]
        held, part = 0, 0
        while held < windows[p]:
            size, numbers = (windows[p] - held) & (held - windows[p]), parts[p, part * PART : part * PART + PART]
            places[p, part] = place(level_of(size)) - held
            numbers[SHARE], numbers[WEIGHT] = 1.0 / size, size / (size + held)
            numbers[REACH] = size * (held / (size + held))
            held, part = held + size, part + 1


@compiled
def blocks_in(room: Floats, windows: Ints) -> Blocks:
    """Blocks before anything is known: views of ``room``, not counted by reference."""
    longest = int(np.max(windows))
    size, top, count = _size(longest), level_of(longest), len(windows) * DEPTH
    lent = borrow(room)[(-room.ctypes.data % LINE) // 8 :]
    sums, spreads, rest = lent[:size], lent[size : 2 * size], lent[2 * size :]
    for level in range(top + 1):
        earlier = slice(place(level) - max(WIDTH, 1 << level), place(level))
        sums[earlier], spreads[earlier] = np.nan, np.nan
    spreads[place(0) : place(0) + TILE] = 0.0  # one value has none
    places = rest[:count].view(np.int64).reshape((len(windows), DEPTH))
    parts = rest[count : count + count * PART].reshape((len(windows), DEPTH * PART))
    _say_parts(windows, places, parts)
    return Blocks(sums, spreads, places, parts, longest, top)


@compiled
def first_row(start: int, windows: Ints) -> int:
    """Where the first tile begins, so that windows from row ``start`` on have all their values; whole steps before."""
    reach = int(np.max(windows)) + WIDTH - 2
    return max(0, start - reach // WIDTH * WIDTH)


@inlined
def lay(values: Floats, row: int, rows: int, blocks: Blocks) -> None:
    """Begin a tile: ``rows`` values from ``row`` on, no more than it has, are its blocks of one value."""
    for k in range(0, rows, WIDTH):
        ask_ahead(values, row + k)
    first, sums = values[row : row + rows], blocks.sums[place(0) : place(0) + rows]
    for k in range(len(sums)):
        sums[k] = first[k]


@inlined
def due(at: int, row: int, start: int) -> bool:
    """Whether the windows ``LATE`` rows before step ``at`` of the tile from ``row`` on are asked for."""
    return at >= LATE and row + at - LATE + WIDTH > start


@inlined
def before(values: Floats, first: int, now: Lanes, level: int) -> Lanes:
    """The blocks that end where those of ``2**level`` values at ``first`` begin; the latter are at hand."""
    if level < 3:
        return back(load(values, first - WIDTH), now, 1 << level)
    return load(values, first - (1 << level))


@inlined
def _join(blocks: Blocks, level: int, share: float, at: int, total: Lanes, spread: Lanes) -> tuple[Lanes, Lanes]:
    """Sums and spreads of the next longer blocks, from those at hand and those before; both are kept."""
    first = place(level) + at
    old, old_spread = before(blocks.sums, first, total, level), before(blocks.spreads, first, spread, level)
    apart = total - old
    total, spread = total + old, fused(apart * share, apart, spread + old_spread)
    first = place(level + 1) + at
    store(blocks.sums, first, total)
    store(blocks.spreads, first, spread)
    return total, spread


@inlined
def climb(blocks: Blocks, at: int) -> None:
    """Make the blocks at the eight rows from row ``at`` of the tile on, each from two half as long."""
    top, total, spread = blocks.top, load(blocks.sums, place(0) + at), every(0.0)
    if top > 0:  # the first three by themselves: what lies less than a step back is still at hand
        total, spread = _join(blocks, 0, 0.5, at, total, spread)
    if top > 1:
        total, spread = _join(blocks, 1, 0.25, at, total, spread)
    if top > 2:
        total, spread = _join(blocks, 2, 0.125, at, total, spread)
    share = 0.0625
    for level in range(3, top):
        total, spread = _join(blocks, level, share, at, total, spread)
        share *= 0.5


@inlined
def climb_sums(blocks: Blocks, at: int) -> None:
    """The sums of :func:`climb` alone."""
    sums, first = blocks.sums, place(0) + at
    total = load(sums, first)
    for level in range(blocks.top):
        total = total + before(sums, first, total, level)
        first = place(level + 1) + at
        store(sums, first, total)


@inlined
def _carry(held: Floats, longest: int) -> None:
    top = level_of(longest)
    for level in range(top + 1):
        count = max(WIDTH, 1 << level) if level < top else longest - (1 << top) + WIDTH - 1
        first = place(level) - count // WIDTH * WIDTH
        for k in range(first, place(level), WIDTH):
            store(held, k, load(held, k + TILE))


@compiled
def carry(blocks: Blocks) -> None:
    """Put the last blocks of a whole tile before the next."""
    _carry(blocks.sums, blocks.longest)
    _carry(blocks.spreads, blocks.longest)


@compiled
def carry_sums(blocks: Blocks) -> None:
    """The sums of :func:`carry` alone."""
    _carry(blocks.sums, blocks.longest)


@inlined
def _join_part(blocks: Blocks, p: int, part: int, at: int, mean: Lanes, spread: Lanes) -> tuple[Lanes, Lanes]:
    """Mean and spread of the newer blocks of a window and the next older one together."""
    first, number, parts = blocks.places[p, part] + at, PART * part, blocks.parts
    apart = load(blocks.sums, first) * parts[p, number + SHARE] - mean
    spread = fused(apart * parts[p, number + REACH], apart, spread + load(blocks.spreads, first))
    return fused(apart, every(parts[p, number + WEIGHT]), mean), spread


@inlined
def joined(blocks: Blocks, p: int, n: int, at: int) -> tuple[Lanes, Lanes]:
    """Mean and spread of the windows of ``n`` values, the ``p``-th, that end at the eight rows from ``at`` on."""
    first, more = blocks.places[p, 0] + at, n & (n - 1)
    mean, spread = load(blocks.sums, first) * blocks.parts[p, SHARE], load(blocks.spreads, first)
    mean, spread = _join_part(blocks, p, 1, at, mean, spread)
    part, more = 2, more & (more - 1)
    while more > 0:
        mean, spread = _join_part(blocks, p, part, at, mean, spread)
        part, more = part + 1, more & (more - 1)
    return mean, spread
