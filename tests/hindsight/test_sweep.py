"""Grids, batches and preference pairs, against one call per question."""

import numpy as np
import polars as pl
import pytest

from alphaloop.core.errors import InvalidOption, SchemaViolation
from alphaloop.engine.executor import Processes, Serial, Threads
from alphaloop.hindsight.batches import label_batches
from alphaloop.hindsight.outcomes import Costs, label_candidates
from alphaloop.hindsight.sweep import best_of, sweep
from tests.hindsight.builders import rough_bars, rough_candidates

COSTS = Costs()
AXES = ["stop", "target", "leverage", "horizon"]


def test_a_sweep_is_a_call_for_each_combination():
    table = rough_bars(400, 1)
    rng = np.random.default_rng(2)
    entries = {"bar": rng.integers(0, 400, 30), "side": rng.choice([1, -1], 30)}

    found = sweep(table, entries, {"stop": [0.01, np.nan], "leverage": [1, 10], "horizon": [5, 20]}, costs=COSTS)

    assert len(found) == 30 * 8
    for (stop, target, leverage, horizon), part in found.group_by(AXES, maintain_order=True):
        wished = {"stop": np.full(30, stop), "target": np.full(30, target), "leverage": np.full(30, leverage)}
        alone = label_candidates(table, entries | wished, costs=COSTS, horizon=horizon).frame()
        assert part.sort("entry").drop("entry", *AXES).equals(alone)


@pytest.mark.parametrize(
    "grid", [{}, {"stop": [0.1]}, {"horizon": []}, {"horizon": [5], "size": [1]}, {"horizon": [1.5]}]
)
def test_a_grid_that_cannot_be_is_refused(grid):
    with pytest.raises(InvalidOption):
        sweep(rough_bars(10, 1), {"bar": [0], "side": [1]}, grid, costs=COSTS)


def test_entries_with_levels_of_their_own_are_refused():
    with pytest.raises(SchemaViolation):
        sweep(rough_bars(10, 1), {"bar": [0], "side": [1], "stop": [0.1]}, {"horizon": [1]}, costs=COSTS)


def test_batches_by_any_executor_are_the_bytes_of_one_call():
    table = rough_bars(500, 3)
    tried = rough_candidates(table, 900, 4)
    parts = [{name: values[k : k + 300] for name, values in tried.items()} for k in range(0, 900, 300)]
    whole = label_candidates(table, tried, costs=COSTS, horizon=30).frame()

    for means in (Serial(), Threads(2), Processes(2)):
        found = [one.frame() for one in label_batches(table, parts, costs=COSTS, horizon=30, executor=means)]
        assert pl.concat(found).equals(whole)


def test_progress_counts_candidates_and_threads_change_nothing():
    table, done = rough_bars(500, 3), []
    tried = rough_candidates(table, 900, 4)

    one = label_candidates(table, tried, costs=COSTS, horizon=30, progress=done.append)
    two = label_candidates(table, tried, costs=COSTS, horizon=30, threads=3)

    assert done == [900]
    assert two.frame().equals(one.frame())


def test_the_best_and_the_worst_of_each_group():
    group = np.array([5, 3, 5, 3, 5, 9, 9])
    net = np.array([0.1, -0.1, 0.4, 0.2, 0.4, 0.01, 0.02])

    found = best_of(group, net, margin=0.05)

    assert found.select("group", "chosen", "rejected").rows() == [(3, 3, 1), (5, 2, 0)]
    assert found["gap"].to_list() == pytest.approx([0.3, 0.3])


def test_pairs_of_nothing_and_of_nonsense():
    assert len(best_of(np.array([], np.int64), np.array([]))) == 0
    with pytest.raises(SchemaViolation):
        best_of(np.array([1]), np.array([np.nan]))
    with pytest.raises(InvalidOption):
        best_of(np.array([1]), np.array([0.0]), margin=-1)
