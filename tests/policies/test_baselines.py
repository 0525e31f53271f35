"""The baselines by name, and the features they ask for."""

import dataclasses

import pytest

from alphaloop.features.contract import Schema
from alphaloop.policies.baselines import BASELINES


def test_names():
    assert list(BASELINES) == ["buy-and-hold", "flat", "random", "ma-cross", "rsi-reversal", "donchian"]
    assert [kind().name for kind in BASELINES.values()] == list(BASELINES)


@pytest.mark.parametrize("kind", BASELINES.values(), ids=lambda kind: kind.name)
def test_their_features_exist(kind):
    assert Schema(kind().features).names == kind().features


@pytest.mark.parametrize("kind", BASELINES.values(), ids=lambda kind: kind.name)
def test_their_parameters_cannot_be_changed_and_are_shown(kind):
    one = kind()
    parameters = [field.name for field in dataclasses.fields(kind) if field.init]

    with pytest.raises(dataclasses.FrozenInstanceError):
        one.weight = 2.0
    assert all(f"{name}=" in repr(one) for name in parameters)
