import numpy as np
import pytest

from alphaloop.core.errors import InvalidOption, UnknownName
from alphaloop.lake.sources.simulated import truth
from alphaloop.lake.sources.simulated.latent import draw
from alphaloop.training.controls.markets import COST_BP, NULL, Setting, market

SETTING = Setting(days=200, symbols=3, timeframe="4h")


def _returns(kind):
    return draw(market(SETTING, kind, seed=3)).returns[:, 0]


def _clusters(returns):
    """Autocorrelation of squares over one bar."""
    squares = returns**2
    return float(np.corrcoef(squares[1:], squares[:-1])[0, 1])


def test_a_walk_has_steps_of_one_size():
    assert abs(_clusters(_returns("walk"))) < 0.05
    assert np.mean(_returns("walk") ** 4) / np.mean(_returns("walk") ** 2) ** 2 == pytest.approx(3.0, abs=0.5)


@pytest.mark.parametrize("kind", ["garch", "regimes"])
def test_other_kinds_swing_more_at_times(kind):
    assert _clusters(_returns(kind)) > 0.05


@pytest.mark.parametrize("kind", NULL)
def test_nothing_is_planted_where_there_is_no_edge(kind):
    known = truth(market(SETTING, kind, seed=1), COST_BP)

    assert max(one.portfolio_sharpe for one in known.optima.values()) == 0.0


def test_a_planted_edge_is_as_strong_as_stated():
    known = truth(market(SETTING, "flow", seed=1, strength=6.0), COST_BP)

    assert known.optima["flow"].portfolio_sharpe == pytest.approx(6.0, rel=1e-3)


def test_what_cannot_be_planted_is_refused():
    with pytest.raises(UnknownName):
        market(SETTING, "tulips", seed=1)
    for kind, strength in (("walk", 1.0), ("flow", 0.0), ("flow", 1e6)):
        with pytest.raises(InvalidOption):
            market(SETTING, kind, seed=1, strength=strength)
    with pytest.raises(InvalidOption):
        Setting(symbols=1)
