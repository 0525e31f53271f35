"""Laws of a signal's figures: units and order do not matter, and an abstention is a row that is not there."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.hindsight.signals import Signal, by_time, hit_rate, information_coefficient

SETTINGS = settings(max_examples=40, deadline=None)
SEEDS, UNITS = st.integers(0, 2**32 - 1), st.floats(1e-3, 1e3)


def random_signal(seed: int) -> Signal:
    """Up to eight symbols, gaps, late starts, outcomes of random length."""
    rng = np.random.default_rng(seed)
    instants, symbols = int(rng.integers(30, 120)), int(rng.integers(1, 9))
    there = rng.random((instants, symbols)) < 0.8
    there[0, 0] = there[-1, -1] = True
    row, column = np.nonzero(there)
    times = np.cumsum(rng.integers(1, 5, instants))[row]
    x = rng.standard_normal(len(row))
    return Signal(x, 0.2 * x + rng.standard_normal(len(row)), times, times + rng.integers(1, 6, len(row)), column)


def but(signal: Signal, **columns) -> Signal:
    names = ("prediction", "outcome", "times", "ends", "symbols")
    return Signal(**({name: getattr(signal, name) for name in names} | columns))


def figures(found) -> list[float]:
    return [math.nan if one is None else one for one in (found.value, found.error, found.effective_n)]


@given(SEEDS, UNITS, UNITS, st.floats(-10, 10), st.booleans())
@SETTINGS
def test_units_do_not_matter(seed, unit, other_unit, level, rank):
    signal = random_signal(seed)
    scaled = but(signal, prediction=signal.prediction * unit + level, outcome=signal.outcome * other_unit)
    one, other = (information_coefficient(each, rank=rank) for each in (signal, scaled))

    assert figures(one) == pytest.approx(figures(other), rel=1e-6, nan_ok=True)


@given(SEEDS, st.booleans())
@SETTINGS
def test_the_other_side_has_the_other_sign(seed, rank):
    signal = random_signal(seed)
    one, other = (
        information_coefficient(each, rank=rank) for each in (signal, but(signal, prediction=-signal.prediction))
    )

    assert one.value == pytest.approx(-other.value, abs=1e-12)
    assert figures(one)[1:] == pytest.approx(figures(other)[1:], rel=1e-6, nan_ok=True)


@given(SEEDS)
@SETTINGS
def test_ranks_see_order_alone(seed):
    signal = random_signal(seed)
    bent = but(signal, prediction=np.exp(signal.prediction), outcome=np.tanh(signal.outcome))

    assert figures(information_coefficient(signal, rank=True)) == pytest.approx(
        figures(information_coefficient(bent, rank=True)), rel=1e-9, nan_ok=True
    )
    assert by_time(signal, rank=True).ic == pytest.approx(by_time(bent, rank=True).ic, nan_ok=True)


@given(SEEDS)
@SETTINGS
def test_an_abstention_is_a_row_that_is_not_there(seed):
    signal = random_signal(seed)
    silent = np.random.default_rng(seed).random(len(signal.times)) < 0.2
    names = ("prediction", "outcome", "times", "ends", "symbols")
    fewer = Signal(*(getattr(signal, name)[~silent] for name in names))
    quiet = but(signal, prediction=np.where(silent, np.nan, signal.prediction))

    assert information_coefficient(quiet) == information_coefficient(fewer)
    assert hit_rate(quiet) == hit_rate(fewer)
    assert quiet.coverage == pytest.approx(1 - silent.mean())
