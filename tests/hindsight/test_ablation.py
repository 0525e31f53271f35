"""Differences between forecasts: by hand, against a plain loop, and on forecasts whose truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from alphaloop.core.errors import InvalidOption, NoData, SchemaViolation, UnsortedData
from alphaloop.hindsight.ablation import FIGURES, Outcomes, daily_difference, differences
from alphaloop.hindsight.bootstrap import Blocks, resampled

QUICK = Blocks(draws=200)
NAN = float("nan")


def outcomes(y, times=None, ends=None) -> Outcomes:
    y = np.asarray(y, dtype=float)
    times = np.arange(len(y)) if times is None else np.asarray(times)
    return Outcomes(y, times, times + 1 if ends is None else np.asarray(ends))


def three(seed: int, rows: int = 600):
    """Outcomes, a forecast that knows a part of them, and one that knows less."""
    random = np.random.default_rng(seed)
    told, noise, blur = random.standard_normal((3, rows))
    return 0.3 * told + noise, 0.3 * told, 0.2 * told + 0.2 * blur


def of(found, figure):
    return found[FIGURES.index(figure)]


def test_figures_are_those_of_numpy_and_scipy():
    y, full, less = three(0)
    found = differences(outcomes(y), full, {"less": less}, QUICK)["less"]

    assert tuple(one.figure for one in found) == FIGURES
    assert of(found, "ic").full == pytest.approx(np.corrcoef(full, y)[0, 1])
    assert of(found, "ic").without == pytest.approx(np.corrcoef(less, y)[0, 1])
    assert of(found, "rank_ic").without == pytest.approx(stats.spearmanr(less, y).statistic)
    assert of(found, "mse").full == pytest.approx(np.mean((y - full) ** 2))
    assert of(found, "mse").change.value == pytest.approx(np.mean((y - less) ** 2) - np.mean((y - full) ** 2))


def test_draws_are_those_of_a_plain_loop():
    y, full, less = three(1, rows=90)
    how = Blocks(length=5.0, draws=100, seed=3)
    found = differences(outcomes(y), full, {"less": less}, how)["less"]
    drawn = list(resampled(90, 5.0, how))
    ic = [np.corrcoef(less[k], y[k])[0, 1] - np.corrcoef(full[k], y[k])[0, 1] for k in drawn]
    mse = [np.mean((y[k] - less[k]) ** 2) - np.mean((y[k] - full[k]) ** 2) for k in drawn]

    for figure, values in (("ic", ic), ("mse", mse)):
        change = of(found, figure).change
        assert (change.low, change.high) == pytest.approx(tuple(np.quantile(values, [0.025, 0.975])))
        assert change.error == pytest.approx(np.std(values, ddof=1))


def test_pairs_tell_more_than_two_intervals():
    random = np.random.default_rng(2)
    y, full, _ = three(2)
    near = full + 0.02 * random.standard_normal(len(full))
    paired = of(differences(outcomes(y), full, {"near": near}, QUICK)["near"], "ic").change
    alone = of(differences(outcomes(y), np.roll(full, 1), {"full": full}, QUICK)["full"], "ic").change

    assert paired.error < alone.error / 5


def test_symbols_of_one_instant_are_drawn_together():
    y, full, less = three(3, rows=400)
    apart = differences(outcomes(y), full, {"less": less}, QUICK)["less"]
    twice = [np.repeat(one, 2) for one in (y, full, less)]
    both = differences(outcomes(twice[0], np.repeat(np.arange(400), 2)), twice[1], {"less": twice[2]}, QUICK)["less"]

    assert of(both, "ic").change.error == pytest.approx(of(apart, "ic").change.error)
    assert of(both, "mse").change.low == pytest.approx(of(apart, "mse").change.low)


def test_blocks_are_longer_where_outcomes_overlap():
    y, full, less = three(4, rows=1000)
    short, long = (outcomes(y, ends=np.arange(1000) + reach) for reach in (1, 40))
    found = [of(differences(rows, full, {"less": less}, QUICK)["less"], "ic").change.block for rows in (short, long)]

    assert long.overlap == 39
    assert found[0] < 40
    assert found[1] == 6 * 39


def test_what_is_equal_does_not_differ():
    y, full, _ = three(5)
    for one in differences(outcomes(y), full, {"same": full.copy()}, QUICK)["same"]:
        assert (one.change.value, one.change.low, one.change.high) == (0.0, 0.0, 0.0)


def test_a_constant_forecast_has_an_error_and_no_coefficient():
    y, full, _ = three(6)
    found = differences(outcomes(y), full, {"flat": np.zeros(len(y))}, QUICK)["flat"]

    assert (of(found, "ic").without, of(found, "ic").change.value, of(found, "ic").change.low) == (None, None, None)
    assert of(found, "ic").full is not None
    assert of(found, "mse").without == pytest.approx(np.mean(y**2))
    assert of(found, "mse").change.low is not None


def test_too_few_rows_have_no_interval():
    y, full, less = three(7, rows=29)
    change = of(differences(outcomes(y), full, {"less": less}, QUICK)["less"], "ic").change

    assert change.value is not None
    assert (change.low, change.high, change.draws) == (None, None, 0)


def test_days_are_paired():
    random = np.random.default_rng(8)
    market = random.normal(0, 0.01, 200)
    found = daily_difference(market + 0.001, market + random.normal(0, 0.0005, 200), QUICK)

    assert found.figure == "net_per_day"
    assert found.change.high < 0
    assert found.full == pytest.approx(market.mean() + 0.001)


def test_the_same_seed_gives_the_same_interval():
    y, full, less = three(9)
    one, other = (differences(outcomes(y), full, {"less": less}, QUICK) for _ in range(2))

    assert one == other


def test_variants_beside_a_variant_only_lengthen_its_blocks():
    y, full, less = three(10)
    how = Blocks(length=8.0, draws=200)
    alone = differences(outcomes(y), full, {"less": less}, how)["less"]
    together = differences(outcomes(y), full, {"other": np.roll(less, 3), "less": less}, how)["less"]

    assert [one.change.value for one in alone] == pytest.approx([one.change.value for one in together])
    assert [one.change.low for one in alone] == pytest.approx([one.change.low for one in together])


@given(st.floats(0.1, 100.0), st.floats(-5.0, 5.0))
@settings(max_examples=20, deadline=None)
def test_the_unit_of_forecasts_does_not_matter_to_coefficients(scale, shift):
    y, full, less = three(11, rows=60)
    plain, scaled = (
        differences(outcomes(y), a, {"less": b}, Blocks(length=3, draws=100))["less"]
        for a, b in ((full, less), (full * scale + shift, less * scale + shift))
    )

    for figure in ("ic", "rank_ic"):
        assert of(scaled, figure).change.low == pytest.approx(of(plain, figure).change.low, abs=1e-9)


def test_intervals_hold_the_truth_as_often_as_they_say():
    """Labels of six bars, forecasts that remember: 95 % intervals of a true difference of zero, 120 worlds."""
    held = 0
    for seed in range(120):
        random = np.random.default_rng(seed)
        bars = random.standard_normal(606)
        y = np.convolve(bars, np.ones(6), "valid")[1:]
        one, other = (np.convolve(random.standard_normal(609), np.ones(10), "valid")[:600] for _ in range(2))
        rows = outcomes(y, ends=np.arange(600) + 6)
        change = of(differences(rows, one, {"other": other}, QUICK)["other"], "ic").change
        held += change.low <= 0.0 <= change.high

    assert 0.87 <= held / 120 <= 0.99


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: outcomes([]), NoData),
        (lambda: outcomes([1.0, NAN]), SchemaViolation),
        (lambda: outcomes([1.0, 2.0], times=[1, 0]), UnsortedData),
        (lambda: outcomes([1.0, 2.0], ends=[0, 0]), SchemaViolation),
        (lambda: Outcomes(np.zeros(2), np.arange(3), np.arange(3)), SchemaViolation),
        (lambda: differences(outcomes([1.0, 2.0]), np.zeros(3), {}), SchemaViolation),
        (lambda: differences(outcomes([1.0, 2.0]), np.zeros(2), {"a": np.array([1.0, NAN])}), SchemaViolation),
        (lambda: differences(outcomes([1.0, 2.0]), np.zeros(2), {}, Blocks(length=3)), InvalidOption),
        (lambda: daily_difference(np.zeros(3), np.zeros(4)), SchemaViolation),
        (lambda: daily_difference(np.zeros(1), np.zeros(1)), NoData),
    ],
)
def test_what_cannot_be_is_refused(call, error):
    with pytest.raises(error):
        call()
