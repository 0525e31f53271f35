from alphaloop.training.controls.shuffled import Demonstration, demonstrate, shuffled_folds
from tests.training.controls.builders import SETTING


def test_shuffled_rows_claim_what_purged_folds_do_not():
    found = demonstrate(Demonstration(kind="walk", seed=1, setting=SETTING))

    assert found["shuffled"] > 0.25
    assert abs(found["purged"]) < 0.2
    assert found["shuffled_overlaps"] > 0
    assert found["purged_overlaps"] == 0


def test_every_row_is_tested_once():
    folds = shuffled_folds(11, seed=3)

    assert sorted(int(row) for _, test in folds for row in test) == list(range(11))
    assert all(len(train) + len(test) == 11 for train, test in folds)
