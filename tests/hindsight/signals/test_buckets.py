"""Hit rate and deciles, by hand and at their edges."""

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from alphaloop.core.errors import DegenerateData, InvalidOption
from alphaloop.hindsight.signals import deciles, hit_rate, wilson
from tests.hindsight.signals.builders import panel, rows

NAN = float("nan")


def test_hits_by_hand():
    found = hit_rate(rows([1, -1, 1, -1, 0, NAN], [2, -2, -2, 2, 1, 1]))

    assert (found.value, found.rows) == (0.5, 4)


@pytest.mark.parametrize(("share", "trials"), [(0.5, 100), (0.0, 20), (1.0, 7), (0.13, 1000)])
def test_the_interval_is_wilsons(share, trials):
    assert wilson(share, trials) == pytest.approx(proportion_confint(share * trials, trials, method="wilson"))


def test_independent_rows_have_the_plain_interval():
    x, y = np.random.default_rng(0).standard_normal((2, 4000))
    found = hit_rate(rows(x, y), lag=0)

    assert (found.low, found.high) == pytest.approx(wilson(found.value, 4000), abs=2e-3)


def test_overlapping_rows_have_a_wider_one():
    found = hit_rate(panel(0))

    assert found.effective_n < 3000
    assert found.error == pytest.approx(0.5 / np.sqrt(found.effective_n), rel=0.01)
    assert found.high - found.low > 3 * np.diff(wilson(found.value, 30_000))[0]


def test_hits_alone_are_not_certain():
    found = hit_rate(rows([1.0] * 30, [2.0] * 30))

    assert (found.value, found.high, found.effective_n) == (1.0, 1.0, 30.0)
    assert found.low == pytest.approx(wilson(1.0, 30)[0])


def test_without_a_sign_there_is_no_rate():
    assert hit_rate(rows([0, 0], [1, 2])) is None
    assert hit_rate(rows([1, 2], [0, 0])) is None


def test_deciles_by_hand():
    x = np.arange(20.0)
    found = deciles(rows(x, x**2))

    assert found["bucket"].to_list() == list(range(1, 11))
    assert found["rows"].to_list() == [2] * 10
    assert found["prediction"].to_list() == [2 * k + 0.5 for k in range(10)]
    assert found["outcome"].to_list() == [((2 * k) ** 2 + (2 * k + 1) ** 2) / 2 for k in range(10)]


def test_equal_predictions_are_not_parted():
    found = deciles(rows([0.0] * 6 + [1.0] * 2, range(8)), 4)

    assert found["rows"].to_list() == [6, 2]
    assert found["outcome"].to_list() == [2.5, 6.5]


def test_an_odd_row_goes_to_the_lower_bucket():
    assert deciles(rows(range(5), range(5)), 2)["rows"].to_list() == [3, 2]


def test_the_error_of_a_bucket_by_hand():
    y = np.random.default_rng(1).standard_normal(60)
    found = deciles(rows(range(60), y), 3, lag=0)
    expected = [np.sqrt(((one - one.mean()) ** 2).sum() / (1 - 1 / 60)) / 20 for one in y.reshape(3, 20)]

    assert found["error"].to_list() == pytest.approx(expected)


def test_constant_predictions_are_one_bucket():
    assert deciles(rows([3.0] * 5, range(5)))["rows"].to_list() == [5]


def test_buckets_within_instants():
    signal = rows([1, 2, 30, 40], [1, 2, 3, 4], [0, 0, 1, 1], symbols=list("ABAB"))

    assert deciles(signal, 2)["outcome"].to_list() == [1.5, 3.5]
    assert deciles(signal, 2, within=True)["outcome"].to_list() == [2.0, 3.0]


def test_one_symbol_is_not_sorted_within_its_instants():
    with pytest.raises(DegenerateData, match="one symbol at every instant"):
        deciles(rows([1, 2, 3], [1, 2, 3]), 2, within=True)


def test_errors_of_buckets_know_overlap():
    found = deciles(panel(1))

    assert (found["error"] > 2 * np.sqrt(12 / 3000)).all()


def test_all_abstained_is_an_empty_table():
    assert deciles(rows([NAN, NAN], [1, 2])).height == 0


def test_one_bucket_sorts_nothing():
    with pytest.raises(InvalidOption):
        deciles(rows([1, 2], [1, 2]), 1)
