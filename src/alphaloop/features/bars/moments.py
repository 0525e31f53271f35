"""Mean and spread of sliding windows, each as good as computed by itself.

A window of n values is the sum of blocks whose lengths are the powers of two in n, the
newest block the shortest: 12 = 4 + 8. The blocks ending at every row come from those half
as long, ``block[i] + block[i - half]``, so all windows of one column share them, and the
compiler works on several rows at a time. Rows are taken tile by tile: the last blocks of a
tile are put before the next, so none is made twice; they are the very numbers that a tile
which began there would make. Nothing else is carried from row to row: a row has the same
bits in a batch and alone, nothing drifts, and what left a window leaves no trace.

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
from alphaloop.features.bars.multiply_add import multiply_add
from alphaloop.features.family import compiled

TILE = 192  # rows at a time: the blocks of a tile stay in the first cache
PADDING = 40  # keeps the blocks of two levels off each other's cache lines
SPARE = 4  # rows of work space: two means, two spreads


class Blocks(NamedTuple):
    """Sums and spreads of the blocks that end at the rows of a tile, those of each length one after the other.

    Blocks of ``2**level`` values begin at :func:`place` of the level; as many as they have values stand
    before, of the rows before the tile. ``spare`` (SPARE, TILE) is work space, ``longest`` the longest window.
    """

    sums: Floats
    spreads: Floats
    spare: Floats
    longest: int


class Window(NamedTuple):
    """A window in two parts, at rows side by side: the newest values, and those before them.

    Sums and spreads of both, the shares that turn their sums into means, and the two weights of
    Chan's formula. A window that is one block has no part before: its weights are zero.
    """

    new: Floats
    new_spreads: Floats
    new_share: float
    old: Floats
    old_spreads: Floats
    old_share: float
    weight: float
    reach: float


@compiled
def place(level: int) -> int:
    """Where the blocks of ``2**level`` values begin: those of one value at 1, one stands before."""
    return (2 << level) - 1 + level * (TILE + PADDING)


@compiled
def level_of(size: int) -> int:
    """The level of the longest blocks within ``size`` values."""
    level = 0
    while 2 << level <= size:
        level += 1
    return level


@compiled
def room_for(windows: Ints) -> Floats:
    """Memory for :func:`blocks_in`; whoever asks for it holds it with :func:`hold` while the blocks are in use."""
    return np.empty(2 * (place(level_of(int(np.max(windows)))) + TILE + PADDING) + SPARE * TILE)


@compiled
def blocks_in(room: Floats, windows: Ints) -> Blocks:
    """Blocks before anything is known: views of ``room``, not counted by reference."""
    lent, longest = borrow(room), int(np.max(windows))
    size = (len(lent) - SPARE * TILE) // 2
    sums, spreads, spare = lent[:size], lent[size : 2 * size], lent[2 * size :].reshape((SPARE, TILE))
    for level in range(level_of(longest) + 1):
        before = slice(place(level) - (1 << level), place(level))
        sums[before], spreads[before] = np.nan, np.nan
    spreads[place(0) : place(0) + TILE] = 0.0  # one value has none
    return Blocks(sums, spreads, spare, longest)


@compiled
def hold(room: Floats) -> int:
    """Memory that views were lent of lives until here."""
    return len(room)


@compiled
def first_row(start: int, windows: Ints) -> int:
    """Where the first tile begins, so that windows from row ``start`` on have all their values."""
    return max(0, start - int(np.max(windows)) + 1)


@compiled
def tile(row: int, start: int, stop: int) -> tuple[int, int, int]:
    """Rows of the tile from ``row`` on, how many of them lie before ``start``, and how far the others from it."""
    rows = min(TILE, stop - row)
    return rows, min(rows, max(0, start - row)), max(0, row - start)


@inlined
def copy(values: Floats, to: Floats) -> None:
    """Put ``values`` into ``to``, from the first on: they may overlap where ``to`` lies before."""
    for k in range(len(to)):
        to[k] = values[k]


@inlined
def _join_pairs(values: Floats, sums: Floats, spreads: Floats) -> None:
    """Sums and spreads of blocks of two."""
    new, old = values[1:], values[:-1]
    for k in range(len(sums)):
        apart = new[k] - old[k]
        sums[k] = new[k] + old[k]
        spreads[k] = apart * (0.5 * apart)


@inlined
def _join_halves(
    new: Floats, old: Floats, new_spread: Floats, old_spread: Floats, half: int, sums: Floats, spreads: Floats
) -> None:
    """Sums and spreads of blocks from two halves of ``half`` values each."""
    share = 0.5 / half
    for k in range(len(sums)):
        apart = new[k] - old[k]
        sums[k] = new[k] + old[k]
        spreads[k] = multiply_add(apart * share, apart, new_spread[k] + old_spread[k])


@compiled
def climb(values: Floats, row: int, rows: int, blocks: Blocks) -> None:
    """Make the blocks at ``rows`` rows from ``row`` on, no more than a tile has."""
    sums, spreads = blocks.sums, blocks.spreads
    copy(values[row : row + rows], sums[1 : 1 + rows])
    for level in range(level_of(blocks.longest)):
        half, first, made_first = 1 << level, place(level), place(level + 1)
        new, old = slice(first, first + rows), slice(first - half, first - half + rows)
        made = slice(made_first, made_first + rows)
        if level == 0:
            _join_pairs(sums[: 1 + rows], sums[made], spreads[made])
        else:
            _join_halves(sums[new], sums[old], spreads[new], spreads[old], half, sums[made], spreads[made])


@inlined
def _add(new: Floats, old: Floats, sums: Floats) -> None:
    for k in range(len(sums)):
        sums[k] = new[k] + old[k]


@compiled
def climb_sums(values: Floats, row: int, rows: int, blocks: Blocks) -> None:
    """The sums of :func:`climb` alone."""
    sums = blocks.sums
    copy(values[row : row + rows], sums[1 : 1 + rows])
    for level in range(level_of(blocks.longest)):
        half, first, made = 1 << level, place(level), place(level + 1)
        _add(sums[first : first + rows], sums[first - half : first - half + rows], sums[made : made + rows])


@inlined
def _carry(held: Floats, rows: int, longest: int) -> None:
    top = level_of(longest)
    for level in range(top + 1):
        count = 1 << level if level < top else longest - (1 << top)
        first, last = place(level) - count, place(level) + rows - count
        copy(held[last : last + count], held[first : first + count])


@compiled
def carry(rows: int, blocks: Blocks) -> None:
    """Put the last blocks of a tile before the next."""
    _carry(blocks.sums, rows, blocks.longest)
    _carry(blocks.spreads, rows, blocks.longest)


@compiled
def carry_sums(rows: int, blocks: Blocks) -> None:
    """The sums of :func:`carry` alone."""
    _carry(blocks.sums, rows, blocks.longest)


@inlined
def window(blocks: Blocks, n: int, first: int, rows: int) -> Window:
    """The windows of ``n`` values that end at ``rows`` rows of the tile, from its row ``first`` on."""
    sums, spreads, spare, low, turn = blocks.sums, blocks.spreads, blocks.spare, n & -n, 0
    at = place(level_of(low)) + first
    new, none = slice(at, at + rows), spreads[1 : 1 + rows]
    made = Window(sums[new], spreads[new], 1.0 / low, sums[new], none, 1.0 / low, 0.0, 0.0)
    held = low
    while held < n:
        newest, newest_spreads, share = made.new, made.new_spreads, made.new_share
        if held > low:  # of three blocks and more, those joined so far are one part
            newest, newest_spreads, share = spare[turn, :rows], spare[turn + 1, :rows], 1.0
            join(made, newest, newest_spreads)
            turn = 2 - turn
        size = (n - held) & (held - n)
        at = place(level_of(size)) + first - held
        old, weight = slice(at, at + rows), size / (size + held)
        reach = size * (held / (size + held))
        made = Window(newest, newest_spreads, share, sums[old], spreads[old], 1.0 / size, weight, reach)
        held += size
    return made


@inlined
def joined(parts: Window, row: int) -> tuple[float, float]:
    """Mean and spread of the window at one of its rows."""
    mean = parts.new[row] * parts.new_share
    apart = parts.old[row] * parts.old_share - mean
    spread = multiply_add(apart * parts.reach, apart, parts.new_spreads[row] + parts.old_spreads[row])
    return multiply_add(apart, parts.weight, mean), spread


@inlined
def join(parts: Window, means: Floats, spreads: Floats) -> None:
    """Mean and spread of a window at each of its rows."""
    for k in range(len(means)):
        means[k], spreads[k] = joined(parts, k)


@inlined
def join_means(parts: Window, means: Floats) -> None:
    """Means of a window at its rows."""
    for k in range(len(means)):
        mean = parts.new[k] * parts.new_share
        means[k] = multiply_add(parts.old[k] * parts.old_share - mean, parts.weight, mean)
