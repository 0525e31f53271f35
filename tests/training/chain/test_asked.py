from dataclasses import replace

import pytest

from alphaloop.core.errors import InvalidOption
from alphaloop.core.time import DAY_US
from alphaloop.training.chain.asked import FAST_ROWS, Asked

ASKED = Asked(symbols=("BTCUSDT", "ETHUSDT"))


def test_horizons_are_bars():
    assert ASKED.steps == (12, 48)
    assert ASKED.embargo_us == 4 * 3600 * 1_000_000


def test_the_window_ends_with_the_newest_decision():
    assert ASKED.window(99) == (None, 100)
    assert replace(ASKED, lookback_days=3, end=10 * DAY_US).window(99) == (7 * DAY_US, 10 * DAY_US)


def test_fast_is_capped_and_production_is_not():
    assert ASKED.effort.rows is None
    assert replace(ASKED, mode="fast").effort.rows == FAST_ROWS


def test_the_digest_knows_all_that_matters():
    others = [{"seed": 1}, {"mode": "fast"}, {"horizons": ("1h",)}, {"start": 5}, {"settings": {"blocks": 3}}]
    digests = {ASKED.digest("liquid"), ASKED.digest("vc"), *(replace(ASKED, **one).digest("liquid") for one in others)}

    assert len(digests) == 7
    assert ASKED.digest("liquid") == replace(ASKED).digest("liquid")


@pytest.mark.parametrize(
    "wrong",
    [
        {"symbols": ()},
        {"symbols": ("A", "A")},
        {"mode": "slow"},
        {"lookback_days": 3, "start": 1},
        {"lookback_days": 0},
        {"start": 2, "end": 1},
        {"seed": -1},
        {"horizons": ("4h", "1h")},
        {"horizons": ("7m",)},
        {"horizons": ()},
    ],
)
def test_what_cannot_be_is_refused(wrong):
    with pytest.raises(InvalidOption):
        replace(ASKED, **wrong)
