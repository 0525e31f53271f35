"""Sliding extremes against looking through each window."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.features.bars.extremes import climb_extremes, highest, lay_extremes, lowest
from alphaloop.features.bars.lanes import WIDTH, hold, put
from alphaloop.features.bars.moments import LATE, TILE, blocks_in, carry, due, first_row, room_for
from alphaloop.features.family import compiled


@compiled
def _slide(high, low, chosen, start, made):
    room = room_for(chosen)
    blocks = blocks_in(room, chosen)
    for row in range(first_row(start, chosen), len(high), TILE):
        rows = min(TILE, len(high) - row)
        lay_extremes(high, low, row, rows, blocks)
        for at in range(0, rows + LATE, WIDTH):
            if at < rows:
                climb_extremes(blocks, at)
            if due(at, row, start):
                for p in range(len(chosen)):
                    put(made[0], p, row + at - LATE - start, highest(blocks, p, at - LATE), False)
                    put(made[1], p, row + at - LATE - start, lowest(blocks, p, at - LATE), False)
        carry(blocks)
    return hold(room)


def slid(high, low, chosen, start=0):
    """Tops and bottoms (2, P, n - start), tile by tile."""
    made = np.empty((2, len(chosen), len(high) - start))
    assert _slide(high, low, np.array(chosen), start, made) > 0
    return made


@given(
    seed=st.integers(0, 2**32),
    rows=st.integers(1, 1200),
    chosen=st.lists(st.integers(1, 300), min_size=1, max_size=4),
    cut=st.floats(0, 1),
)
@settings(max_examples=40, deadline=None)
def test_equal_to_looking_through_each_window(seed, rows, chosen, cut):
    low, high = np.sort(np.random.default_rng(seed).normal(0, 1, (2, rows)), axis=0)
    start = int(cut * (rows - 1))

    made = slid(high, low, chosen, start)

    for p, n in enumerate(chosen):
        expected = np.full((2, rows), np.nan)
        if n <= rows:
            expected[0, n - 1 :] = np.lib.stride_tricks.sliding_window_view(high, n).max(axis=1)
            expected[1, n - 1 :] = np.lib.stride_tricks.sliding_window_view(low, n).min(axis=1)
        np.testing.assert_array_equal(made[:, p], expected[:, start:])
