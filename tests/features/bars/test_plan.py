"""A plan runs every kernel once, in one call, to the bits of each by itself."""

import numpy as np
import pytest

from alphaloop.core.errors import InvalidOption
from alphaloop.features.bars.plan import plan
from alphaloop.features.contract import Schema
from alphaloop.features.family import lay_out
from tests.features.builders import ALL, random_tape


def bars(rows=700):
    tape = random_tape(np.random.default_rng(3), rows, still=0.2, silent=0.02)
    return lay_out(tape[:, None], 0, np.arange(rows))


def test_one_call_is_every_kernel_in_turn():
    order, given = plan(Schema(ALL).features), bars()
    made, expected = np.empty((2, order.width, 700))

    order.run(given, 0, order.fresh(), made)
    for job in order.jobs:
        job.kernel(given, 0, job.params, np.zeros(job.slots), expected[job.first : job.stop])

    np.testing.assert_array_equal(made, expected)


@pytest.mark.parametrize("name", ALL)
def test_a_feature_has_the_same_bits_alone_and_in_company(name):
    everything, alone, given = plan(Schema(ALL).features), plan(Schema([name]).features), bars()
    crowd, single = np.empty((everything.width, 700)), np.empty((alone.width, 700))

    everything.run(given, 0, everything.fresh(), crowd)
    alone.run(given, 0, alone.fresh(), single)

    np.testing.assert_array_equal(crowd[everything.columns[ALL.index(name)]], single[alone.columns[0]])


def test_runs_continue_where_they_stopped():
    order, given = plan(Schema(ALL).features), bars()
    whole, states = np.empty((order.width, 700)), order.fresh()
    order.run(given, 0, order.fresh(), whole)

    parts = []
    for first, stop in ((0, 1), (1, 300), (300, 301), (301, 700)):
        out = np.empty((order.width, stop - first))
        order.run(given, first, states, out)
        parts.append(out)

    np.testing.assert_array_equal(np.hstack(parts), whole)


def test_arrays_of_another_shape_are_refused():
    order, given = plan(Schema(["ret_1", "ema_3"]).features), bars(5)
    with pytest.raises(InvalidOption, match="in C order"):
        order.run(given, 0, order.fresh(), np.empty((5, 2)).T)
    with pytest.raises(InvalidOption, match="in C order"):
        order.run(given, 1, order.fresh(), np.empty((2, 5)))
    with pytest.raises(InvalidOption, match="in C order"):
        order.run(given, 0, np.zeros(1), np.empty((2, 5)))
