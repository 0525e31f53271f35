"""Mean and spread of sliding windows, each as good as computed by itself.

A window of n values is the sum of blocks whose lengths are the powers of two in n, the
newest block the shortest: 12 = 4 + 8. The blocks ending at every row come from those half
as long, ``block[i] + block[i - half]``, so all windows of one column share them, and the
compiler works on several rows at a time. Nothing is carried from row to row: a row has
the same bits in a batch and alone, nothing drifts, and what left a window leaves no trace.

Means and sums of squared deviations ("spreads") of two blocks are joined by Chan's formula,
which never takes large numbers from each other (sums of squares, as TA-Lib keeps them,
lose all digits when the mean is large against the spread). A window whose values are all
equal has their mean and a spread of zero to the last digit; one with an unknown value
(NaN, or a row before the first) is unknown.

Source
------
Chan, Golub, LeVeque (1983), The American Statistician 37(3), 242-247, pairwise updating.
"""

import numpy as np

from alphaloop.core.market import Floats, Ints
from alphaloop.execution.simulator.jit import borrow
from alphaloop.features.bars.multiply_add import multiply_add
from alphaloop.features.family import compiled

TILE = 512  # rows at a time: the blocks of a tile stay in the first cache
PADDING = 40  # keeps the work arrays off each other's cache lines


@compiled
def room_for(windows: Ints) -> Floats:
    """Memory for :func:`tiles`; whoever asks for it holds it with :func:`hold` while the tiles are in use."""
    return np.empty(4 * (TILE + int(np.max(windows)) + PADDING) + 2 * len(windows) * TILE)


@compiled
def tiles(room: Floats, windows: Ints) -> tuple[Floats, Floats, Floats]:
    """Work space of a tile (4, w) and two results (P, TILE): views of ``room``, not counted by reference."""
    wide, shape = TILE + int(np.max(windows)) + PADDING, (len(windows), TILE)
    lent, size = borrow(room), shape[0] * shape[1]
    work, first, second = lent[: 4 * wide], lent[4 * wide : 4 * wide + size], lent[4 * wide + size :]
    return work.reshape((4, wide)), first.reshape(shape), second[:size].reshape(shape)


@compiled
def hold(room: Floats) -> int:
    """Memory that views were lent of lives until here."""
    return len(room)


@compiled
def first_blocks(values: Floats, first: int, blocks: Floats) -> None:
    """Rows from ``first`` on, unknown where they lie before row 0."""
    gap = min(max(0, -first), len(blocks))
    blocks[:gap] = np.nan
    known, out = values[first + gap : first + len(blocks)], blocks[gap:]
    for k in range(len(known)):
        out[k] = known[k]


@compiled
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
def _join_pairs(values: Floats, sums: Floats, spreads: Floats) -> None:
    """Sums and spreads of blocks of two."""
    new, old = values[1:], values[:-1]
    for k in range(len(sums)):
        apart = new[k] - old[k]
        sums[k] = new[k] + old[k]
        spreads[k] = apart * (0.5 * apart)


@compiled
def _join_window(
    sums: Floats, spreads: Floats, size: int, held: int, window_means: Floats, window_spreads: Floats
) -> None:
    """Put blocks of ``size`` values before the newest ``held`` of the windows."""
    share, weight, reach = 1.0 / size, size / (size + held), size * (held / (size + held))
    for k in range(len(window_means)):
        apart = sums[k] * share - window_means[k]
        window_means[k] = multiply_add(apart, weight, window_means[k])
        window_spreads[k] = multiply_add(apart * reach, apart, window_spreads[k] + spreads[k])


@compiled
def _begin_window(sums: Floats, spreads: Floats, size: int, window_means: Floats, window_spreads: Floats) -> None:
    share = 1.0 / size
    for k in range(len(window_means)):
        window_means[k] = sums[k] * share
        window_spreads[k] = spreads[k]


@compiled
def moments(
    values: Floats, start: int, rows: int, windows: Ints, work: Floats, window_means: Floats, window_spreads: Floats
) -> None:
    """Mean and spread of the last ``windows[p]`` values at ``rows`` rows from ``start``: (P, TILE) each.

    ``rows`` is at most :data:`TILE`; ``work`` is from :func:`tiles`.
    """
    longest, size = int(np.max(windows)), 1
    wide = rows + longest - 1
    work, window_means, window_spreads = borrow(work), borrow(window_means), borrow(window_spreads)
    sums, spreads, next_sums, next_spreads = work[0], work[1], work[2], work[3]
    first = start - longest + 1
    if first < 0:
        first_blocks(values, first, sums[:wide])
    else:
        sums = values[first : first + wide]  # read, never written
    spreads[:wide] = 0.0
    while True:
        for p in range(len(windows)):
            if windows[p] & size:
                held = windows[p] & (size - 1)
                at = longest - 1 - held
                blocks, their_spreads = sums[at : at + rows], spreads[at : at + rows]
                if held:
                    _join_window(blocks, their_spreads, size, held, window_means[p, :rows], window_spreads[p, :rows])
                else:
                    _begin_window(blocks, their_spreads, size, window_means[p, :rows], window_spreads[p, :rows])
        if 2 * size > longest:
            return
        new, old = slice(2 * size - 1, wide), slice(size - 1, wide - size)
        if size == 1:
            _join_pairs(sums[:wide], next_sums[new], next_spreads[new])
        else:
            _join_halves(sums[new], sums[old], spreads[new], spreads[old], size, next_sums[new], next_spreads[new])
        before = work[0] if size == 1 else sums
        sums, spreads, next_sums, next_spreads = next_sums, next_spreads, before, spreads
        size *= 2


@compiled
def add(new: Floats, old: Floats, sums: Floats) -> None:
    """Sums of blocks from two halves."""
    for k in range(len(sums)):
        sums[k] = new[k] + old[k]


@compiled
def _join_means(sums: Floats, size: int, held: int, window_means: Floats) -> None:
    share, weight = 1.0 / size, size / (size + held)
    for k in range(len(window_means)):
        before = window_means[k] if held else 0.0
        window_means[k] = multiply_add(sums[k] * share - before, weight, before)


@compiled
def means(values: Floats, start: int, rows: int, windows: Ints, work: Floats, window_means: Floats) -> None:
    """The means of :func:`moments` alone, to the same bits."""
    longest, size = int(np.max(windows)), 1
    wide = rows + longest - 1
    work, window_means = borrow(work), borrow(window_means)
    sums, next_sums = work[0], work[1]
    first_blocks(values, start - longest + 1, sums[:wide])
    while True:
        for p in range(len(windows)):
            if windows[p] & size:
                held = windows[p] & (size - 1)
                at = longest - 1 - held
                _join_means(sums[at : at + rows], size, held, window_means[p, :rows])
        if 2 * size > longest:
            return
        new, old = slice(2 * size - 1, wide), slice(size - 1, wide - size)
        add(sums[new], sums[old], next_sums[new])
        sums, next_sums = next_sums, sums
        size *= 2
