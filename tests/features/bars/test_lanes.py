"""Lanes: each of the eight numbers has the bits of that number alone, wherever it is written."""

import numpy as np
import pytest

from alphaloop.features.bars.lanes import (
    FAR,
    LINE,
    WIDTH,
    above,
    back,
    every,
    fused,
    is_far,
    kept,
    load,
    put,
    root,
    settle,
    store,
)
from alphaloop.features.bars.multiply_add import multiply_add
from alphaloop.features.bars.plan import plan
from alphaloop.features.contract import Schema
from alphaloop.features.family import compiled, lay_out
from tests.features.builders import ALL, random_tape


@compiled
def _arithmetic(a, b, out):
    one, other = load(a, 0), load(b, 0)
    store(out, 0, one + other)
    store(out, 8, one - other)
    store(out, 16, one * other)
    store(out, 24, one / other)
    store(out, 32, one * 3.0 - 0.1)
    store(out, 40, root(one))
    store(out, 48, fused(one, other, one))
    store(out, 56, above(one, other, one, every(0.5)))


@pytest.mark.parametrize("seed", range(20))
def test_a_lane_has_the_bits_of_a_number_alone(seed):
    a, b = np.random.default_rng(seed).lognormal(0, 20, (2, WIDTH))
    a[seed % WIDTH] = np.nan
    made = np.empty(64)

    _arithmetic(a, b, made)

    once = [multiply_add(x, y, x) for x, y in zip(a, b, strict=True)]
    expected = [a + b, a - b, a * b, a / b, a * 3.0 - 0.1, np.sqrt(a), once, np.where(a > b, a, 0.5)]
    np.testing.assert_array_equal(made, np.concatenate(expected))


@compiled
def _backwards(values, out):
    for k, rows in enumerate((1, 2, 4)):
        store(out, k * 8, back(load(values, 0), load(values, 8), rows))


def test_back_looks_over_the_edge_of_two_vectors():
    made = np.empty(24)
    _backwards(np.arange(16.0), made)

    assert made.reshape(3, 8)[:, 0].tolist() == [7.0, 6.0, 4.0]
    assert made.reshape(3, 8)[:, 7].tolist() == [14.0, 13.0, 11.0]


@compiled
def _put_at(out, column, row, far):
    put(out, column, row, every(7.0), far)
    settle()


@pytest.mark.parametrize(("row", "written"), [(-9, []), (-3, [0, 1, 2, 3, 4]), (5, [5, 6, 7, 8, 9]), (10, [])])
def test_rows_that_a_column_does_not_have_are_left_out(row, written):
    out = np.zeros((3, 10))
    _put_at(out, 1, row, False)

    assert np.flatnonzero(out[1]).tolist() == written
    assert not out[[0, 2]].any()


@compiled
def _says_far(out):
    return is_far(out)


def test_memory_that_is_kept_begins_at_a_cache_line_and_is_far_where_it_is_long():
    long, short = kept(2, FAR), kept(2, 64)
    _put_at(long, 1, 8, True)

    assert (long.ctypes.data % LINE, short.ctypes.data % LINE) == (0, 0)
    assert (_says_far(long), _says_far(short), _says_far(long.ravel()[1:-1].reshape(2, -1))) == (True, False, False)
    assert np.flatnonzero(long.ravel()).tolist() == list(range(FAR + 8, FAR + 16))


@pytest.mark.parametrize("rows", [FAR, FAR + 3])
def test_far_memory_gets_the_bits_of_near_memory(rows):
    order = plan(Schema(ALL).features)
    tape = random_tape(np.random.default_rng(5), rows, still=0.2, silent=0.02)
    bars, near, far = lay_out(tape[:, None], 0, np.arange(rows)), np.empty((order.width, rows)), kept(order.width, rows)

    for first in (0, 1000):
        states = order.fresh()
        if first:
            order.run(bars, 0, states, np.empty((order.width, first)))
            near, far = np.empty((order.width, rows - first)), kept(order.width, rows - first)
        order.run(bars, first, states.copy(), near)
        order.run(bars, first, states, far)
        np.testing.assert_array_equal(far, near)
