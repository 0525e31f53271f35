"""Superior predictive ability, StepM and the model confidence set: planted edges, edges, and against arch."""

import arch.bootstrap
import numpy as np
import pytest

from alphaloop.core.errors import InvalidOption, NoData, SchemaViolation
from alphaloop.hindsight.bootstrap import Blocks
from alphaloop.hindsight.overfitting import model_confidence_set, spa, step_m

QUICK = Blocks(length=5, draws=200, seed=3)


def noise(rows: int = 300, columns: int = 6, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, 0.01, (rows, columns))


def planted(size: float = 0.003) -> np.ndarray:
    return noise() + np.array([0, 0, 0, 0, size, 0])


def test_noise_is_not_better_and_an_edge_is():
    found = spa(planted(), how=QUICK)

    assert spa(noise(), how=QUICK).p_value > 0.1
    assert found.p_value < 0.01
    assert (found.best, found.block) == (4, 5.0)
    assert found.lower <= found.p_value <= found.upper


def test_the_edge_is_named():
    assert step_m(planted(), how=QUICK) == (4,)
    assert step_m(noise(), how=QUICK) == ()
    assert model_confidence_set(planted(), how=QUICK).members == (4,)


def test_a_benchmark_is_what_must_be_beaten():
    table = planted()

    assert spa(table, table[:, 4], how=QUICK).p_value > 0.1
    assert step_m(table, table[:, 0] - 0.01, how=QUICK) == (1, 2, 3, 4, 5)  # the first never differs: not better


def test_unscaled_figures_are_those_of_arch():
    table = noise(seed=5)
    plain = Blocks(length=7, draws=300, seed=11)
    found, chosen = spa(table, how=plain, scaled=False), model_confidence_set(table, size=0.2, how=plain)
    peer = arch.bootstrap.SPA(np.zeros(300), -table, block_size=7, reps=300, seed=11)
    peer.compute()
    other = arch.bootstrap.MCS(-table, 0.2, reps=300, block_size=7, seed=11)
    other.compute()
    steps = arch.bootstrap.StepM(np.zeros(300), -planted(), 0.05, block_size=7, reps=300, seed=11)
    steps.compute()

    assert (found.lower, found.p_value, found.upper) == tuple(peer.pvalues)
    assert chosen.members == tuple(other.included)
    assert chosen.p_values.tolist() == other.pvalues["Pvalue"].sort_index().tolist()
    assert step_m(planted(), how=plain, scaled=False) == tuple(steps.superior_models)


def test_a_wild_candidate_does_not_hide_a_quiet_one():
    """The reason for scaling: beside a candidate that swings a hundred times more, arch's own figure sees nothing."""
    table = planted() * np.array([1, 1, 100, 1, 1, 1])

    assert spa(table, how=QUICK).p_value < 0.01
    assert spa(table, how=QUICK, scaled=False).p_value > 0.1


def test_the_default_block_follows_the_memory_of_the_returns():
    steps = noise(600, 2)
    slow = np.array([sum(0.9**k * steps[max(0, t - k)] for k in range(40)) for t in range(600)])

    assert spa(steps).block == pytest.approx(600 ** (1 / 3))
    assert spa(slow).block > 15


def test_candidates_that_never_trade_are_not_better():
    table = np.hstack([noise(), np.zeros((300, 1)), planted()[:, 4:5]])

    assert step_m(table, how=QUICK) == (7,)
    assert spa(table, how=QUICK).best == 7


def test_copies_enter_the_set_together():
    table = planted()[:, [4, 0, 4, 1]]

    assert model_confidence_set(table, how=QUICK).members == (0, 2)
    assert model_confidence_set(table[:, [0, 2]], how=QUICK).members == (0, 1)


def test_a_wide_search_is_tested_when_asked():
    table = noise(40, 60)
    table[:, 7] += 0.02

    assert spa(table, how=QUICK, allow_wide=True).best == 7
    assert step_m(table, how=QUICK, allow_wide=True) == (7,)
    assert model_confidence_set(table, how=QUICK, allow_wide=True).members == (7,)


def test_the_same_seed_gives_the_same_answer():
    assert spa(noise(), how=QUICK) == spa(noise(), how=QUICK)
    assert spa(noise(), how=QUICK) != spa(noise(), how=Blocks(length=5, draws=200, seed=4))


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: spa(noise(20, 60)), SchemaViolation),
        (lambda: spa(np.full((50, 2), np.nan)), SchemaViolation),
        (lambda: spa(noise(), np.zeros(5)), SchemaViolation),
        (lambda: spa(np.zeros((50, 2))), NoData),
        (lambda: spa(noise(5, 2)), NoData),
        (lambda: spa(noise(), how=Blocks(length=301)), InvalidOption),
        (lambda: spa(np.zeros((20_001, 1))), InvalidOption),
        (lambda: model_confidence_set(noise(300, 101)), InvalidOption),
        (lambda: step_m(noise(), size=1.0), InvalidOption),
        (lambda: model_confidence_set(noise(), size=0.0), InvalidOption),
    ],
)
def test_what_cannot_be_tested_is_refused(call, error):
    with pytest.raises(error):
        call()


@pytest.mark.slow
def test_luck_passes_about_as_often_as_it_says():
    """Twenty autocorrelated candidates without edge, 200 times: 5 % and two and a half errors."""
    passed = 0
    for seed in range(200):
        steps = noise(400, 20, seed=seed)
        steps[1:] += 0.2 * steps[:-1]
        passed += spa(steps, how=Blocks(draws=300, seed=seed)).p_value < 0.05

    assert passed / 200 <= 0.09
