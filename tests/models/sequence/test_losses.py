import math

import pytest
import torch

from alphaloop.core.errors import InvalidOption
from alphaloop.models.sequence.losses import Loss

NAN = float("nan")


def loss(out, y, teacher=None, weight=None, **settings):
    rows = [torch.tensor(part) if part is not None else None for part in (out, y, teacher, weight)]
    return float(Loss(calibration=settings.pop("calibration", 0.0), **settings)(*rows))


def test_huber_is_a_square_near_and_a_line_far():
    found = loss([[[0.5]], [[3.0]]], [[0.0], [0.0]], huber=1.0)

    assert found == pytest.approx((0.5 * 0.25 + (3.0 - 0.5)) / 2)


def test_infinite_huber_is_the_squared_error():
    assert loss([[[0.5]], [[3.0]]], [[0.0], [0.0]], huber=math.inf) == pytest.approx((0.25 + 9.0) / 2)


def test_a_student_listens_to_the_teacher_by_its_share():
    found = loss([[[1.0]]], [[0.0]], [[3.0]], huber=math.inf, distil=0.25)

    assert found == pytest.approx(0.75 * 1.0 + 0.25 * 4.0)


def test_a_row_without_a_teacher_counts_its_outcome_alone():
    found = loss([[[1.0]], [[1.0]]], [[0.0], [0.0]], [[3.0], [NAN]], huber=math.inf, distil=0.5)

    assert found == pytest.approx((0.5 * 1 + 0.5 * 4 + 1.0) / 2)


def test_a_missing_outcome_pulls_nowhere():
    mean = torch.tensor([[[2.0], [2.0]]], requires_grad=True)

    Loss(calibration=0.0)(mean, torch.tensor([[NAN, 0.0]]), None, None).backward()

    assert mean.grad[0, 0].item() == 0.0
    assert mean.grad[0, 1].item() != 0.0


def test_pinball_weighs_the_side_of_the_miss():
    found = loss([[[0.0, -1.0, 1.0]]], [[0.0]], calibration=1.0, quantiles=(0.1, 0.9))

    assert found == pytest.approx((0.1 * 1.0 + 0.1 * 1.0) / 2)  # both levels miss by one, on their cheap side


def test_rank_rewards_moving_together():
    same = loss([[[1.0]], [[2.0]], [[3.0]]], [[1.0], [2.0], [3.0]], rank=1.0)
    turned = loss([[[1.0]], [[2.0]], [[3.0]]], [[3.0], [2.0], [1.0]], rank=1.0)

    assert same == pytest.approx(0.0, abs=1e-6)
    assert turned > 2.0


def test_rows_and_horizons_are_weighed():
    rows = loss([[[1.0]], [[2.0]]], [[0.0], [0.0]], None, [3.0, 1.0], huber=math.inf)
    horizons = loss([[[1.0], [2.0]]], [[0.0, 0.0]], huber=math.inf, horizons=(3.0, 1.0))

    assert rows == pytest.approx((3 * 1 + 1 * 4) / 4)
    assert horizons == pytest.approx((3 * 1 + 1 * 4) / 4)


@pytest.mark.parametrize("wrong", [{"huber": 0.0}, {"distil": 1.5}, {"rank": -1.0}])
def test_impossible_weights_are_refused(wrong):
    with pytest.raises(InvalidOption):
        Loss(**wrong)
