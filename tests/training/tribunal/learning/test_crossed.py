import numpy as np
import pytest

from alphaloop.training.tribunal.catalogue.crossed import HONEST, in_sample, out_of_fold, regression, table
from alphaloop.training.tribunal.learning.crossed import judge_crossed
from alphaloop.training.tribunal.learning.panel import make_panel
from alphaloop.training.tribunal.learning.subjects import Crossed
from alphaloop.training.tribunal.verdict import OTHERS_UNREAD, OWN_LABEL


def tried(predict, futures, looks=8):
    [finding] = judge_crossed(Crossed("teacher", ("market_bars",), predict), futures, looks=looks)
    return finding


def test_predictions_out_of_fold_are_not_accused(futures):
    finding = tried(out_of_fold(HONEST), futures)

    assert finding.caught_by == ()
    assert finding.evidence[OWN_LABEL].tried == 8


def test_predictions_in_sample_are(futures):
    finding = tried(in_sample(regression), futures, looks=4)

    assert finding.evidence[OWN_LABEL].failed == 4


def test_a_row_that_goes_with_its_label_tells_of_it(futures):
    def predict(frames):
        panel = make_panel(frames)
        kept = panel.rows(np.abs(panel.y) < 0.02)
        return table(kept, np.zeros(len(kept.y)))

    assert OWN_LABEL in tried(predict, futures).caught_by


def test_a_teacher_that_learned_nothing_is_none(futures):
    def predict(frames):
        panel = make_panel(frames)
        return table(panel, panel.symbol.astype(np.float64))

    assert tried(predict, futures).caught_by == (OTHERS_UNREAD,)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_seed_gives_the_same_finding(futures, seed):
    subject = Crossed("teacher", ("market_bars",), in_sample(regression))

    assert judge_crossed(subject, futures, looks=4, seed=seed) == judge_crossed(subject, futures, looks=4, seed=seed)
