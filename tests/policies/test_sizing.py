"""Weights, levels, and features found by name."""

import pytest

from alphaloop.core.decision import Action
from alphaloop.core.errors import InvalidOption, UnknownName
from alphaloop.core.orders import Terms
from alphaloop.policies.baselines import MaCross
from alphaloop.policies.sizing import Columns, EqualWeight, side_of
from tests.policies.builders import seen


def test_equal_shares_unless_a_weight_is_given():
    assert EqualWeight().intent(1, 4, 100.0).target == 0.25
    assert EqualWeight(weight=0.7).intent(-1, 4, 100.0).target == -0.7


def test_levels_stand_on_the_side_of_the_position():
    one = EqualWeight(stop=0.1, target=0.2, leverage=3.0)
    long, short = one.intent(1, 1, 50.0), one.intent(-1, 1, 50.0)

    assert (long.stop_loss, long.take_profit, long.leverage) == (45.0, 60.0, 3.0)
    assert (short.stop_loss, short.take_profit) == (pytest.approx(55.0), 40.0)


def test_flat_is_close_without_levels():
    intent = EqualWeight(stop=0.1).intent(0, 1, 50.0)

    assert (intent.action, intent.target, intent.stop_loss) == (Action.CLOSE, 0.0, None)


def test_a_wish_to_be_short_means_flat_where_shorts_are_not_allowed():
    assert [EqualWeight(allow_short=False).allowed(side) for side in (1, 0, -1)] == [1, 0, 0]


@pytest.mark.parametrize(
    "wrong", [{"weight": 0.0}, {"weight": -1.0}, {"stop": 1.0}, {"stop": 0.0}, {"target": -0.1}, {"leverage": 0.5}]
)
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(InvalidOption, match=next(iter(wrong))):
        EqualWeight(**wrong)


def test_an_observation_without_the_features_is_refused_by_name():
    observation = seen(MaCross(2, 5), {"X": {}})._replace(features=("sma_2", "sma_6", "close"))

    with pytest.raises(UnknownName, match="sma_5"):
        MaCross(2, 5).decide(observation)


def test_places_follow_the_columns_they_are_asked_about():
    columns = Columns(("a", "b"))

    assert [columns.places(("a", "b")), columns.places(("b", "x", "a"))] == [(0, 1), (2, 0)]


def test_sides():
    assert [side_of(quantity) for quantity in (2.5, 0.0, -0.1)] == [1, 0, -1]


def test_a_trail_is_a_fraction_of_price():
    assert EqualWeight(trail=0.02).intent(-1, 1, 50.0).terms == Terms(trail_fraction=0.02)
    with pytest.raises(InvalidOption):
        EqualWeight(trail=1.0)
