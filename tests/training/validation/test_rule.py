import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphaloop.core.errors import InvalidOption, NoData
from alphaloop.hindsight.splits import PurgedKFold, WalkForward
from alphaloop.training.validation.folds import folds_of
from alphaloop.training.validation.rule import Rule, Traded, follow, trade
from tests.training.validation.builders import SIZE, made

PANEL = made()
FOLDS = folds_of(PANEL, WalkForward(3, test_size=100))
PERFECT = np.where(np.isnan(PANEL.y), 0.0, PANEL.y)


def test_a_position_moves_to_the_edge_of_its_band():
    wanted = np.array([[0.2], [1.0], [0.8], [np.nan], [-0.1], [-1.0]])

    assert follow(wanted, 0.3)[:, 0] == pytest.approx([0.0, 0.7, 0.7, 0.7, 0.2, -0.7])


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=30), st.floats(0, 0.9))
def test_a_wider_band_never_trades_more(wanted, width):
    column = np.array(wanted)[:, None]
    moved = [np.abs(np.diff(follow(column, one)[:, 0], prepend=0.0)).sum() for one in (width, width + 0.05)]

    assert moved[1] <= moved[0] + 1e-12


def test_money_is_counted_bar_by_bar_on_every_block_but_the_first():
    rule = Rule(cost=0.001, multiples=(1.0,), widths=(0.0,), averaged=1, target_volatility=10.0)
    traded = trade(PANEL, FOLDS, np.sign(PERFECT), rule)  # one unit expected: ten times the cost, a whole share

    held = np.sign(PERFECT[399:599]) / 2
    earned = (held * np.nan_to_num(PANEL.returns[399:599])).sum(axis=1)
    paid = 0.001 * np.abs(np.diff(held, axis=0, prepend=0.0)).sum(axis=1)
    paid[-1] += 0.001 * np.abs(held[-1]).sum()
    assert traded.net == pytest.approx(earned - paid)
    assert traded.windows == ((0, 100), (100, 200))
    assert traded.daily.sum() == pytest.approx(traded.net.sum())
    assert traded.sharpe == pytest.approx(traded.daily.mean() / traded.daily.std(ddof=1))


def test_shares_fall_with_the_variance():
    rule = Rule(multiples=(1.0,), widths=(0.0,), averaged=1, target_volatility=0.25)
    traded = trade(PANEL, FOLDS, np.sign(PERFECT) * 100, rule)
    annual = SIZE * np.sqrt(365 * 24)

    assert np.abs(traded.positions).max() == pytest.approx((0.25 / annual) ** 2 / 2)


def test_the_rule_is_fitted_on_earlier_blocks_only():
    rule = Rule(cost=0.002)
    known = trade(PANEL, FOLDS, PERFECT * 0.5, rule)
    later = PERFECT * 0.5
    later[499:] = -later[499:]
    changed = trade(PANEL, FOLDS, later, rule)

    assert known.choices == changed.choices
    assert np.array_equal(known.positions[:100], changed.positions[:100])
    assert len(known.choices[0]) == rule.averaged


def test_forecasts_smaller_than_their_cost_are_not_traded():
    traded = trade(PANEL, FOLDS, PERFECT * 1e-6, Rule())

    assert traded.sharpe is None
    assert traded.trades == 0


def test_entries_are_counted_from_flat_and_from_the_other_side():
    positions = np.array([[0.0], [0.5], [0.4], [-0.1], [0.0], [-0.2]])
    traded = Traded(np.arange(6) * 3_600_000_000, np.zeros(6), positions, (), ())

    assert traded.trades == 3


def test_a_day_without_a_bar_earns_nothing():
    day = 86_400_000_000
    traded = Traded(np.array([0, 2 * day]), np.array([0.1, 0.2]), np.zeros((2, 1)), (), ())

    assert traded.daily.tolist() == [0.1, 0.0, 0.2]


def test_what_cannot_be_traded_is_refused():
    with pytest.raises(InvalidOption, match="order of time"):
        trade(PANEL, _backwards(), PERFECT, Rule())
    with pytest.raises(NoData):
        trade(PANEL, folds_of(PANEL, WalkForward(1)), PERFECT, Rule())
    for wrong in ({"cost": 0.0}, {"widths": (1.0,)}, {"multiples": ()}, {"averaged": 0}):
        with pytest.raises(InvalidOption):
            Rule(**wrong)


def _backwards():
    folds = folds_of(PANEL, PurgedKFold(3))
    return type(folds)(folds.rows, folds.pairs[::-1], 0)
