"""Every policy of the package keeps the promises of a policy."""

import pytest

from alphaloop.core.conformance import check_policy, sample_observations
from alphaloop.policies.baselines import BASELINES, BuyAndHold, Donchian, MaCross, RandomTurnover, RsiReversal
from alphaloop.policies.experts.library import EXPERTS
from alphaloop.policies.forecast.policy import ForecastPolicy
from tests.contracts.discovery import POLICIES, name
from tests.policies.forecast.builders import Told, voice
from tests.policies.forecast.builders import policy as forecast

# Policies that need arguments, or say more with some than with none. A class without an
# entry is made without arguments; one that cannot be fails here until it gets an entry.
BUILDERS = {
    MaCross: lambda: MaCross(3, 9, stop=0.02, target=0.05),
    RsiReversal: lambda: RsiReversal(low=60.0, mid=80.0, high=99.0),
    Donchian: lambda: Donchian(9, 3, allow_short=False),
    RandomTurnover: lambda: RandomTurnover(0.3),
    BuyAndHold: lambda: BuyAndHold(weight=0.2),
    ForecastPolicy: lambda: forecast(
        voice(Surprise((1.0, 1.0)), ("3m", "9m"), features=("a", "b")), schema_hash="sample", band=0.5, weight=0.3
    ),
}


class Surprise(Told):
    """Expects a feature to come back to another: a random walk gives it something to say now and then."""

    def predict(self, X, mask=None):
        return super().predict((X[..., :1] - X[..., 1:]) / 1e4, mask)


def test_baselines_and_experts_are_found():
    assert {*BASELINES.values(), *EXPERTS.values()} <= set(POLICIES)


@pytest.mark.parametrize("policy", POLICIES, ids=name)
def test_conforms(policy):
    check_policy(BUILDERS.get(policy, policy))


@pytest.mark.parametrize(
    "policy", [one for one in POLICIES if one in (*BASELINES.values(), *EXPERTS.values())], ids=name
)
def test_conforms_with_its_defaults(policy):
    check_policy(policy)


@pytest.mark.parametrize("policy", [one for one in BUILDERS if one is not BuyAndHold], ids=name)
def test_the_check_shows_it_something_to_act_on(policy):
    one = BUILDERS[policy]()

    decided = [bool(one.decide(seen).intents) for seen in sample_observations(one.features)]

    assert 5 < sum(decided) < len(decided)
