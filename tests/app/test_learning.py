"""Training curves as pictures: one a model, folds thin, the final fit bold; nothing where there were no epochs."""

import math

from alphaloop.app.report.learning import pictures
from alphaloop.training.chain.logs import Curve


def curve(name, train, valid):
    return Curve(name, tuple(range(1, len(train) + 1)), {"train_loss": tuple(train), "valid_loss": tuple(valid)})


def test_folds_of_a_model_share_a_picture_and_the_final_fit_stands_out():
    said = pictures(
        [
            curve("student/fold-0/student", (4.0, 2.0), (5.0, 3.0)),
            curve("final/student", (3.0, 2.0), (4.0, 1.0)),
            curve("other/fold-0/<other>", (1.0, 1.0), (1.0, 1.0)),
        ]
    )

    assert said.count("<svg") == 2
    assert said.count("<polyline") == 6
    assert said.count(" last") == 2  # train and validation of the final fit
    assert "&lt;other&gt;" in said
    assert "student: losses of 2 fits, 2 epochs at most" in said


def test_the_highest_loss_is_at_the_top_and_one_that_is_no_number_is_left_out():
    said = pictures([curve("fold-0/a", (4.0, math.nan, 0.0), (2.0, 2.0, 2.0))])

    assert 'points="62.0,14.0 450.0,164.0"' in said
    assert 'points="62.0,89.0 256.0,89.0 450.0,89.0"' in said


def test_one_epoch_is_a_point_and_no_epoch_is_nothing():
    assert pictures([curve("a", (1.0,), (2.0,))]).count("<circle") == 2
    assert pictures([]) == pictures([Curve("a", (), {})]) == ""
    assert pictures([curve("a", (math.inf,), (math.nan,))]) == ""
