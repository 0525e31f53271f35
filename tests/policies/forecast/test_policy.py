"""From forecast to position: gates, fusion, bands, ends of horizons, and silence."""

import numpy as np
import pytest

from alphaloop.core.errors import InvalidOption, SchemaViolation, UnknownName
from alphaloop.core.observation import Observation
from alphaloop.policies.forecast.policy import ForecastPolicy
from alphaloop.policies.forecast.signals import Signals
from tests.policies.builders import account
from tests.policies.forecast.builders import HASH, MINUTE, Normal, Told, policy, seen, voice

# Entry 0.002, full 2: the whole share is wanted at 0.004. Horizon: two minutes.


def targets(one, *observations):
    one.reset(0)
    return [one.decide(observation).target("X") for observation in observations]


@pytest.mark.parametrize(
    ("expected", "target"), [(0.004, 1.0), (0.003, 0.75), (-0.003, -0.75), (0.0019, None), (0.1, 1.0)]
)
def test_a_position_in_proportion_to_what_is_expected(expected, target):
    found = targets(policy(), seen(0, expected))

    assert found == [None if target is None else pytest.approx(target)]


def test_a_forecast_below_its_cost_is_not_traded_whatever_the_entry():
    assert targets(policy(voice(entry=0.0), cost=0.003), seen(0, 0.002)) == [None]


def test_a_forecast_that_is_not_sure_enough_is_not_traded():
    # (0.003 - 0.001) / 0.001 = 2 deviations above the cost: 97.7 %
    assert targets(policy(voice(confidence=97)), seen(0, 0.003)) == [pytest.approx(0.75)]
    assert targets(policy(voice(confidence=98)), seen(0, 0.003)) == [None]


def test_what_the_decision_says_of_itself():
    one = policy()
    one.reset(0)

    intent = one.decide(seen(0, 0.003)).intents["X"]

    assert (intent.confidence, intent.timeframes, intent.model_sources) == (
        pytest.approx(97.725, abs=1e-3), {"2m": "BUY"}, ("told",),
    )  # fmt: skip
    assert intent.reasoning == "2m +30.0 bp (98 %); agreement 1.00; wanted +0.750 of equity"


def test_the_position_is_closed_where_the_horizon_ends():
    found = targets(policy(), seen(0, 0.004), seen(1, 0.0, 1.0), seen(2, 0.0, 1.0), seen(3, 0.0, 1.0), seen(4, 0.0))

    # asked again while it is there, silent once it is gone
    assert found == [1.0, None, 0.0, 0.0, None]


def test_a_new_forecast_begins_the_horizon_anew():
    found = targets(policy(), seen(0, 0.004), seen(1, 0.004, 1.0), seen(2, 0.0, 1.0), seen(3, 0.0, 1.0))

    assert found == [1.0, None, None, 0.0]


def test_the_other_side_takes_its_place_at_once():
    assert targets(policy(), seen(0, 0.004), seen(1, -0.004, 1.0)) == [1.0, -1.0]
    assert targets(policy(allow_short=False), seen(0, 0.004), seen(1, -0.004, 1.0)) == [1.0, 0.0]


def test_a_position_fades_towards_the_end_of_its_horizon():
    one = policy(voice(horizons=("4m",)), fade=0.5)
    found = targets(one, seen(0, 0.004), seen(1, 0.0, 1.0), seen(2, 0.0, 1.0), seen(3, 0.0, 1.0), seen(4, 0.0, 0.5))

    assert found == [1.0, None, None, 0.5, 0.0]


def test_within_the_band_nothing_moves():
    banded = {"band": 0.2}
    # wanted 1.0, 0.75, 0.5: the nearest edges are 0.8, 0.8 (0.55 to 0.95) and 0.7
    found = targets(policy(**banded), seen(0, 0.004), seen(1, 0.003, 0.8), seen(2, 0.002, 0.8), seen(3, 0.002, 0.7))

    assert found == [pytest.approx(0.8), None, pytest.approx(0.7), None]


def test_prices_that_move_a_position_a_little_move_no_order():
    assert targets(policy(band=0.2), seen(0, 0.004), seen(1, 0.004, 0.85), seen(2, 0.004, 0.79)) == [
        pytest.approx(0.8), None, None,
    ]  # fmt: skip


def test_a_position_that_was_taken_away_is_asked_for_again():
    assert targets(policy(band=0.2), seen(0, 0.004), seen(1, 0.004, 0.0)) == [pytest.approx(0.8)] * 2


def test_horizons_are_fused_by_the_precision_of_their_drift():
    # spans 2 and 4 minutes, equal spreads: precisions 4 and 16, shares 0.2 and 0.8
    one = policy(voice(Told((1.0, -1.0)), horizons=("2m", "4m")))
    one.reset(0)

    intent = one.decide(seen(0, 0.004)).intents["X"]

    assert intent.target == pytest.approx(0.2 - 0.8)
    assert intent.timeframes == {"2m": "BUY", "4m": "SELL"}
    # drifts 0.2 * 0.004 / 2 and -0.8 * 0.004 / 4: their sum over their sizes is (0.0004 - 0.0008) / 0.0012
    assert "agreement 0.33" in intent.reasoning
    # P(-R > cost): a normal with mean 0.004 for 2m is 5 deviations off (0 %), with -0.004 for 4m 3 inside (99.865 %)
    assert intent.confidence == pytest.approx(0.8 * 99.865, abs=1e-3)


def test_one_horizon_of_two_holds_its_share_and_ends_alone():
    one = policy(voice(Told((1.0, 1.0)), horizons=("2m", "4m")))
    found = targets(one, seen(0, 0.004), seen(1, 0.0, 1.0), seen(2, 0.0, 1.0), seen(4, 0.0, 0.8))

    assert found == [pytest.approx(1.0), None, pytest.approx(0.8), 0.0]


def test_a_horizon_without_a_gate_has_no_say():
    two = Told((1.0, -1.0))
    only = voice(two, horizons=("2m", "4m"), signals=Signals.of(("2m",), entry="2m=0.002"))

    assert targets(policy(only), seen(0, 0.004)) == [1.0]


def test_two_models_are_two_voices():
    one, other = voice(Told((1.0,), deviation=0.001)), voice(Told((-1.0,), deviation=0.002), source="other")
    found = policy(one, other)
    found.reset(0)

    intent = found.decide(seen(0, 0.004)).intents["X"]

    assert intent.target == pytest.approx(0.8 - 0.2)
    assert intent.model_sources == ("told", "other")


def test_a_voice_is_silent_of_symbols_it_does_not_know():
    assert targets(policy(voice(symbols=("Y",))), seen(0, 0.004)) == [None]


# ------------------------------------------------------------------------------------------------ silence


def test_another_schema_is_refused_and_said():
    one = policy()
    decision = one.decide(seen(0, 0.004, schema="other"))

    assert decision.intents == {}
    assert [(vote.source, vote.abstained) for vote in decision.votes] == [("told", "features of schema other")]


def test_a_window_too_empty_is_refused_and_said_and_the_end_still_comes():
    one = policy(voice(features=("a", "b", "c")))
    nothing = [[0.004, np.nan, np.nan]]
    names = ("a", "b", "c")
    one.reset(0)
    first, second, third = (
        one.decide(seen(0, [[0.004, 1.0, 1.0]], features=names)),
        one.decide(seen(1, nothing, 1.0, features=names)),
        one.decide(seen(2, nothing, 1.0, features=names)),
    )

    assert (first.target("X"), second.target("X"), third.target("X")) == (1.0, None, 0.0)
    assert second.votes[0].abstained == "X: 33% of the newest row known, 33% of the window"


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (lambda: Broken(ValueError("no such thing")), "X: ValueError: no such thing"),
        (lambda: Broken(None), "X: AttributeError"),
        (lambda: Broken(Normal([[0.004, 0.004]], [[0.001, 0.001]])), "X: SchemaViolation: found a forecast of shape"),
        (lambda: Broken(Normal([[np.nan]], [[0.001]])), "X: SchemaViolation: found a forecast that is not finite"),
    ],
)
def test_a_model_that_fails_or_talks_nonsense_abstains(model, said):
    decision = policy(voice(model())).decide(seen(0, 0.004))

    assert decision.intents == {}
    assert decision.votes[0].abstained.startswith(said)


class Broken:
    def __init__(self, answer):
        self.answer = answer

    def predict(self, X, mask=None):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_before_its_history_begins_a_model_is_waited_for_in_silence():
    slow = voice(lookback=3)
    one = policy(slow)
    one.reset(0)

    early = one.decide(seen(0, [[0.004]], lookback=3))
    begun = one.decide(seen(1, [[0.0], [0.0], [0.004]], lookback=3))
    holed = one.decide(seen(2, [[np.nan], [np.nan], [0.004]], 1.0, lookback=3))

    assert (early.intents, early.votes) == ({}, ())
    assert begun.target("X") == 1.0
    assert holed.votes[0].abstained == "X: 100% of the newest row known, 33% of the window"


def test_nothing_held_is_touched_before_anything_was_said():
    assert targets(policy(voice(lookback=2)), seen(0, [[0.1]], 0.5, lookback=2)) == [None]


def test_wiring_that_is_wrong_is_an_error_not_an_abstention():
    with pytest.raises(SchemaViolation, match="1 rows"):
        policy(voice(lookback=2)).decide(seen(0, 0.004))
    with pytest.raises(UnknownName):
        policy().decide(seen(0, 0.004, features=("b",)))


@pytest.mark.parametrize(
    "named", [{"cost": -0.1}, {"weight": 0.0}, {"band": 1.0}, {"full": 0.5}, {"fade": 2.0}, {"leverage": 0.5}]
)
def test_numbers_out_of_range(named):
    with pytest.raises(InvalidOption):
        policy(**named)


def test_voices_that_cannot_be():
    with pytest.raises(InvalidOption):
        ForecastPolicy(voices=(), schema_hash=HASH)
    with pytest.raises(InvalidOption):
        policy(voice(), voice())
    for named in ({"features": ()}, {"lookback": 0}, {"least_known": 1.5}, {"signals": Signals.of(("9m",))}):
        with pytest.raises(InvalidOption):
            voice(**named)


# ------------------------------------------------------------------------------------------------ what the model reads


def test_a_model_reads_float32_rows_of_its_features_and_no_other():
    model = Told()
    one = policy(voice(model, features=("b", "a"), lookback=2, least_known=0.0))
    rows = np.array([[1.0, 2.0, 9.0], [np.nan, 0.1, 9.0]])
    window = rows[:, None, :]
    names, known, view = ("a", "b", "noise"), ~np.isnan(window[-1]), account(("X",), [0.0])
    one.decide(Observation(0, ("X",), names, window[-1], known, window, view, HASH))
    X, mask = model.seen[0]

    assert np.array_equal(X[0], [[2.0, 1.0], [np.float32(0.1), np.nan]], equal_nan=True)
    assert mask[0].tolist() == [[True, True], [True, False]]


def test_what_is_said_of_a_symbol_does_not_depend_on_who_else_is_traded():
    both = np.array([[[0.003], [0.004]]])
    together = policy().decide(
        Observation(0, ("X", "Y"), ("a",), both[0], both[0] > 0, both, account(("X", "Y"), [0.0, 0.0]), HASH)
    )
    alone = policy().decide(seen(0, 0.003))

    assert together.intents["X"] == alone.intents["X"]


def test_time_is_all_that_ends_a_leg():
    one = policy(voice(horizons=("1h",)))
    one.reset(0)
    one.decide(seen(0, 0.004))

    assert one.decide(seen(59, 0.0, 1.0)).intents == {}
    assert one.decide(seen(60, 0.0, 1.0)).target("X") == 0.0
    assert MINUTE * 60 == 3_600_000_000
