"""The controls in small: a strong edge is promoted, noise is not. The campaign of hundreds is `evaluate controls`."""

import pytest

from alphaloop.training.controls.examine import Market, examine
from tests.training.controls.builders import PROTOCOL, SETTING

WHOLE = {"verdict", "failed", "sharpe", "ic", "dsr", "pbo", "pbo_low", "spa_p", "trials", "smallest_sharpe", "informed"}


@pytest.fixture(scope="module")
def planted():
    return examine(Market(kind="flow", seed=1, strength=20.0, setting=SETTING, protocol=PROTOCOL))


def test_a_strong_edge_passes_what_an_edge_must_pass(planted):
    assert set(planted) >= WHOLE
    assert planted["ic_low"] > 0.1
    assert planted["dsr"] > 0.95
    assert planted["spa_p"] < 0.01
    assert set(planted["all_failed"]) <= {"pbo"}  # all six configurations find it: no choice is better than another


def test_a_strong_edge_is_not_found_whole(planted):
    assert 0.3 * planted["informed"] < planted["sharpe"] < 1.2 * planted["informed"]


@pytest.mark.parametrize("kind", ["walk", "regimes"])
def test_noise_is_not_promoted(kind):
    found = examine(Market(kind=kind, seed=1, setting=SETTING, protocol=PROTOCOL))

    assert found["verdict"] in ("refused", "insufficient")
    assert "spa" in found.get("all_failed", ["spa"])


def test_everything_that_was_tried_is_counted(planted):
    assert planted["trials"] == PROTOCOL.trials
    assert planted["overlaps"] == 0
    assert planted["leaks_green"] is True


def test_the_same_market_gives_the_same_verdict(planted):
    again = examine(Market(kind="flow", seed=1, strength=20.0, setting=SETTING, protocol=PROTOCOL))

    assert again == planted
