import numpy as np
import pytest

from alphaloop.core.errors import NoData
from alphaloop.training.tribunal.catalogue.folds import apart, in_blocks
from alphaloop.training.tribunal.learning.folds import judge_folds, panels
from alphaloop.training.tribunal.learning.subjects import Folds
from alphaloop.training.tribunal.verdict import BACKWARD, OVERLAP


def test_panels_come_by_time_and_by_symbol_with_labels_of_one_and_of_many_lengths(scene):
    by_time, by_symbol, _, barriers = panels(scene.frames)

    assert bool((np.diff(by_time.times) >= 0).all())
    assert bool((np.diff(by_symbol.symbols) >= 0).all())
    assert len(set(by_time.ends - by_time.times)) == 1
    assert len(set(barriers.ends - barriers.times)) > 10


def test_every_fold_of_every_panel_counts(futures):
    [finding] = judge_folds(Folds("honest", in_blocks(apart)), futures)

    assert (finding.evidence[OVERLAP].tried, finding.evidence[OVERLAP].failed) == (20, 0)
    assert BACKWARD not in finding.evidence


def test_who_claims_to_walk_forward_is_held_to_it(futures):
    [finding] = judge_folds(Folds("honest", in_blocks(apart), forward=True), futures)

    assert finding.caught_by == (BACKWARD,)
    assert finding.evidence[BACKWARD].failed == 16  # all but the last of five blocks


def test_one_overlapping_row_is_enough(futures):
    def one_row_too_many(times, ends, symbols):
        for train, test in in_blocks(apart)(times, ends, symbols):
            near = np.flatnonzero((ends > times[test].min()) & (times < times[test].min()))
            yield np.union1d(train, near[:1]), test

    [finding] = judge_folds(Folds("almost", one_row_too_many), futures)

    assert finding.evidence[OVERLAP].failed == 16  # the first block has nothing before it


def test_where_nothing_could_overlap_nothing_is_proved(futures):
    with pytest.raises(NoData, match="nothing to purge in 1 folds"):
        judge_folds(Folds("no test rows", lambda times, ends, _: [([0], [])]), futures)


def test_no_folds_prove_nothing(futures):
    with pytest.raises(NoData, match="nothing to purge in 0 folds"):
        judge_folds(Folds("empty", lambda times, ends, _: []), futures)
