"""Sliding extremes against looking through each window."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.features.bars.extremes import climb_extremes, highest, lowest
from alphaloop.features.bars.moments import TILE, blocks_in, carry, first_row, hold, room_for, tile


def slid(high, low, chosen, start=0):
    """Tops and bottoms (2, P, n - start), tile by tile."""
    chosen = np.array(chosen)
    made = np.empty((2, len(chosen), len(high) - start))
    room = room_for(chosen)
    blocks = blocks_in(room, chosen)
    for row in range(first_row(start, chosen), len(high), TILE):
        rows, early, begin = tile(row, start, len(high))
        climb_extremes(high, low, row, rows, blocks)
        for p, n in enumerate(chosen):
            highest(blocks, n, early, made[0, p, begin : begin + rows - early])
            lowest(blocks, n, early, made[1, p, begin : begin + rows - early])
        carry(rows, blocks)
    hold(room)
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
