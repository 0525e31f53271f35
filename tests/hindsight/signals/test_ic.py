"""Information coefficients: against scipy and statsmodels, at their edges, and their errors against the truth."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from alphaloop.core.errors import InvalidOption
from alphaloop.hindsight.bootstrap import Blocks
from alphaloop.hindsight.signals import bootstrap_ic, by_symbol, by_time, information_coefficient
from alphaloop.hindsight.signals.errors import chosen_lag, long_run
from tests.hindsight.signals.builders import STEP, panel, rows

NAN = float("nan")
NOISE = np.random.default_rng(0).standard_normal((2, 500))


def test_values_are_those_of_scipy():
    x, y = NOISE[0], 0.3 * NOISE[0] + NOISE[1].round(1)
    plain, ranked = (information_coefficient(rows(x, y), rank=rank) for rank in (False, True))

    assert plain.value == pytest.approx(stats.pearsonr(x, y).statistic)
    assert ranked.value == pytest.approx(stats.spearmanr(x, y).statistic)


def test_the_error_of_independent_rows_is_the_classical_one():
    found = information_coefficient(rows(*NOISE), lag=0)

    assert found.error == pytest.approx(1 / math.sqrt(500), rel=0.1)
    assert found.effective_n == pytest.approx(500, rel=0.2)
    assert found.high - found.value == pytest.approx(stats.t.ppf(0.975, 500) * found.error)


def test_the_long_run_sum_is_that_of_statsmodels():
    series = np.cumsum(NOISE[0])[:200]
    centred = series - series.mean()
    fitted = sm.OLS(series, np.ones(200)).fit(cov_type="HAC", cov_kwds={"maxlags": 9})

    assert math.sqrt(long_run(centred, 9)) / 200 == pytest.approx(fitted.bse[0], rel=1e-9)


def test_the_lag_is_never_below_the_overlap():
    assert chosen_lag(3000, 11) == 66
    assert chosen_lag(3000, 0) == 8
    with pytest.raises(InvalidOption):
        information_coefficient(panel(0, instants=100), lag=10)


def test_each_instant_by_hand():
    x = [1, 2, 3, 1, 2, 3, 5, 5, 5, 1, 2]
    y = [1, 2, 3, 3, 2, 1, 1, 2, 3, 1, 2]
    times = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3]
    found = by_time(rows(x, y, times, symbols=list("ABCABCABCAB")))

    assert found.ic.tolist()[:2] == pytest.approx([1.0, -1.0])
    assert np.isnan(found.ic[2:]).all()  # one side does not vary; two symbols only
    assert (found.mean.value, found.mean.instants) == (0.0, 2)
    assert found.icir == 0.0


def test_instants_and_their_ranks_are_those_of_scipy():
    signal = panel(1, instants=30, edge=0.2)
    x, y = (one.reshape(30, 10) for one in (signal.prediction, signal.outcome))

    assert by_time(signal).ic == pytest.approx([stats.pearsonr(*each).statistic for each in zip(x, y, strict=True)])
    assert by_time(signal, rank=True).ic == pytest.approx(
        [stats.spearmanr(*each).statistic for each in zip(x, y, strict=True)]
    )


def test_symbols_on_their_own():
    signal = panel(2, instants=400, edge=0.2)
    found = by_symbol(signal)
    x, y = (one.reshape(400, 10) for one in (signal.prediction, signal.outcome))

    assert found["symbol"].to_list() == list("ABCDEFGHIJ")
    assert found["ic"].to_list() == pytest.approx([stats.pearsonr(x[:, a], y[:, a]).statistic for a in range(10)])
    assert (found["effective_n"] < 200).all()


def test_rows_in_any_order_give_the_same():
    signal = panel(3, instants=300)
    order = np.random.default_rng(0).permutation(3000)
    columns = (signal.prediction, signal.outcome, signal.times, signal.ends, signal.symbols)
    shuffled = type(signal)(*(one[order] for one in columns))

    assert information_coefficient(shuffled) == information_coefficient(signal)
    assert bootstrap_ic(shuffled, how=Blocks(draws=100)) == bootstrap_ic(signal, how=Blocks(draws=100))


@pytest.mark.parametrize(
    "signal",
    [
        rows([1, 1, 1, 1], [1, 2, 3, 4]),
        rows([1, 2, 3, 4], [5, 5, 5, 5]),
        rows([1, 2], [1, 2]),
        rows([NAN] * 5, [1] * 5),
    ],
    ids=["constant predictions", "equal outcomes", "two rows", "all abstained"],
)
def test_what_cannot_be_said_is_none(signal):
    assert information_coefficient(signal) is None
    assert information_coefficient(signal, rank=True) is None
    assert bootstrap_ic(signal) is None
    assert by_time(signal).mean is None
    assert by_time(signal).icir is None
    assert set(by_symbol(signal)["ic"].to_list()) <= {None}


def test_one_instant_has_a_value_and_no_error():
    signal = rows([1, 2, 3, 4], [1, 2, 4, 3], [0] * 4, symbols=list("ABCD"))
    found = information_coefficient(signal)

    assert found.value == pytest.approx(0.8)
    assert (found.error, found.low, found.effective_n) == (None, None, None)
    assert bootstrap_ic(signal) is None


def test_fewer_instants_than_the_lag_have_no_error():
    found = information_coefficient(panel(0, instants=100))

    assert (found.lag, found.instants, found.error) == (66, 100, None)


def test_a_perfect_signal_is_one_for_sure():
    found = information_coefficient(rows(NOISE[0], 2 * NOISE[0]))

    assert found.value == pytest.approx(1.0)
    assert found.error == pytest.approx(0.0, abs=1e-9)


def test_a_short_record_is_given_students_interval():
    # 150 instants and a lag of 66: the variance is as uncertain as that of three squares
    found = information_coefficient(panel(0, instants=150))
    weights = 1 - np.arange(1, 67) / 67
    looks = 150 / (1 + 2 * (weights**2).sum())

    assert looks == pytest.approx(3.4, abs=0.1)
    assert found.high - found.value == pytest.approx(stats.t.ppf(0.975, looks) * found.error)


def test_what_the_mean_took_away_is_put_back():
    """White rows, a long lag: the error stays that of independent rows on average."""
    rng = np.random.default_rng(4)
    stated = [information_coefficient(rows(*rng.standard_normal((2, 120))), lag=50).error ** 2 for _ in range(400)]

    assert math.sqrt(np.mean(stated)) == pytest.approx(1 / math.sqrt(120), rel=0.05)


def test_the_bootstrap_says_the_same_as_the_weights():
    signal = panel(5, instants=2000, edge=0.02)
    one, other = information_coefficient(signal), bootstrap_ic(signal, how=Blocks(draws=300))

    assert other.value == pytest.approx(one.value)
    assert other.error == pytest.approx(one.error, rel=0.2)
    assert other.block >= 66


def test_the_naive_error_is_several_times_too_small():
    found = information_coefficient(panel(6))

    assert found.error > 4 / math.sqrt(30_000)
    assert found.effective_n < 30_000 / 16


@pytest.mark.slow
@pytest.mark.parametrize("phi", [0.9, 0.97])
def test_stated_errors_are_the_true_ones(phi):
    """The deviation of coefficients over 200 markets without edge, beside the mean of what each market stated."""
    found = [panel(seed, phi=phi) for seed in range(200)]
    for say in (
        information_coefficient,
        lambda one: information_coefficient(one, rank=True),
        lambda one: by_time(one).mean,
    ):
        figures = [say(one) for one in found]
        true = np.std([one.value for one in figures])
        stated = math.sqrt(np.mean([one.error**2 for one in figures]))
        held = np.mean([one.low <= 0.0 <= one.high for one in figures])

        assert stated == pytest.approx(true, rel=0.12)  # the truth itself is known to 5 %
        assert held >= 0.9


@pytest.mark.slow
@pytest.mark.parametrize("instants", [150, 500])
def test_intervals_of_short_records_hold_the_truth(instants):
    found = [information_coefficient(panel(seed, instants=instants, phi=0.9)) for seed in range(300)]

    assert np.mean([one.low <= 0.0 <= one.high for one in found]) >= 0.9


@pytest.mark.slow
def test_errors_of_the_bootstrap_are_the_true_ones():
    found = [panel(seed) for seed in range(120)]
    true = np.std([information_coefficient(one).value for one in found])
    stated = [bootstrap_ic(one, how=Blocks(draws=150, seed=seed)).error for seed, one in enumerate(found[:40])]

    assert math.sqrt(np.mean(np.square(stated))) == pytest.approx(true, rel=0.15)


def test_gaps_and_late_symbols_are_read():
    signal = panel(7, instants=600)
    late = (signal.symbols != "J") | (signal.times > 300 * STEP)
    kept = late & (signal.times % (7 * STEP) != 0)
    columns = (signal.prediction, signal.outcome, signal.times, signal.ends, signal.symbols)
    found = information_coefficient(type(signal)(*(one[kept] for one in columns)))

    assert found.rows == int(kept.sum())
    assert found.error > 0
