"""Judgement of a gate, by hand."""

import numpy as np
import pytest

from alphaloop.training.multimodal.judgement import judge

ROWS = 600
TIMES = np.arange(ROWS)
Y = np.random.default_rng(0).normal(size=ROWS)
TEXT = np.arange(ROWS) % 3 > 0


def judged(gated, base=None, text=TEXT):
    return judge(np.zeros(ROWS) if base is None else base, gated, Y, text, (TIMES, TIMES + 4))


def test_improvement_is_a_share_of_the_error_that_was_there():
    # (y - 0)^2 - (y - 0.1 y)^2 = 0.19 y^2
    found = judged(np.where(TEXT, 0.1 * Y, 0.0))

    assert found.improvement == pytest.approx(0.19)
    assert (found.accepted, found.active, found.inactive) == (True, 400, 200)


def test_a_correction_that_harms_is_refused():
    found = judged(np.where(TEXT, -0.1 * Y, 0.0))

    assert found.improvement == pytest.approx(-0.21)
    assert not found.accepted


def test_a_correction_of_nothing_is_refused():
    found = judged(np.zeros(ROWS))

    assert (found.improvement, found.low, found.accepted) == (0.0, 0.0, False)


def test_touching_a_row_without_text_is_refused_whatever_it_earns():
    gated = np.where(TEXT, 0.1 * Y, 0.0)
    gated[0] = 1e-300

    assert judged(gated).reason == "rows without text were touched"
    assert not judged(gated).accepted


def test_rows_that_were_not_forecast_do_not_count():
    base = np.where(TIMES < 300, np.nan, 0.0)

    assert judged(np.where(TEXT, 0.1 * Y, 0.0), base).active == 200


def test_too_few_rows_with_text_are_no_evidence():
    found = judged(np.zeros(ROWS), text=TIMES < 99)

    assert (found.low, found.accepted, found.reason) == (None, False, "99 rows with text, 100 or more are needed")
