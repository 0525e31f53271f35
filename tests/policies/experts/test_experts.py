"""Each expert's own rule, by hand, and the library."""

import numpy as np
import pytest

from alphaloop.app.wiring import make_policy
from alphaloop.core.conformance import check_policy, sample_observations
from alphaloop.core.errors import InvalidOption
from alphaloop.core.observation import Observation
from alphaloop.features.contract import Schema
from alphaloop.policies.experts.breakout import VolumeBreakout
from alphaloop.policies.experts.carry import Carry
from alphaloop.policies.experts.flow import OrderFlow
from alphaloop.policies.experts.library import EXPERTS, GRIDS
from alphaloop.policies.experts.momentum import Momentum
from alphaloop.policies.experts.reversion import BandReversion
from alphaloop.policies.experts.volatility import VolatilityTarget
from tests.policies.builders import seen, sides


def walk(policy, rows):
    """The wanted side after each row of own features; orders fill at once."""
    held, path = 0.0, []
    for row in rows:
        found = sides(policy.decide(seen(policy, {"X": dict(zip(policy.features, row, strict=True))}, {"X": held})))
        held = {"BUY": 1.0, "SELL": -1.0, "CLOSE": 0.0}.get(found.get("X", ""), held)
        path.append(held)
    return path


def test_momentum_enters_on_a_large_score_and_leaves_on_a_small_one():
    policy = Momentum(lookback=4, volatility=9, enter=1.5, leave=0.5)

    def row(score):
        return (100.0, score * 0.01 * 2, 0.01)

    assert walk(policy, [row(1.4), row(1.5), row(0.6), row(0.5), row(0.4), row(0.6), row(-1.6), row(0.6)]) == [
        *(0, 1, 1, 1, 0, 0, -1, 0),
    ]
    policy.reset(0)
    assert walk(policy, [(100.0, 0.1, 0.0)]) == [0]  # no volatility, no score


def test_reversion_goes_against_the_band_where_there_is_no_trend():
    policy = BandReversion(period=20, depth=0.1, calm=25.0, trend=40.0)
    rows = [(-0.05, 20), (-0.1, 30), (-0.1, 20), (0.4, 39), (0.5, 20), (1.1, 20), (0.6, 41), (1.2, 10), (-0.2, 10)]

    assert walk(policy, [(100.0, *row) for row in rows]) == [0, 0, 1, 1, 0, -1, 0, -1, 1]


def test_a_breakout_needs_its_volume_and_ends_at_the_middle():
    policy = VolumeBreakout(period=5, volume=5, surge=1.0)
    rows = [
        *((100.0, 105.0, 95.0, 0.0), (106.0, 106.0, 95.0, 0.5), (107.0, 107.0, 95.0, 1.0)),
        *((101.0, 107.0, 95.0, 0.0), (100.9, 107.0, 95.0, 0.0), (94.0, 107.0, 94.0, 2.0)),
    ]

    # the middle of 107 and 95 is 101
    assert walk(policy, rows) == [0, 0, 1, 1, 0, -1]


def test_carry_stands_against_who_pays():
    policy = Carry(enter=0.0003, leave=0.0001)

    assert walk(policy, [(100.0, rate) for rate in (0.0002, 0.0003, 0.0001, 0.00009, -0.0003, 0.0001)]) == [
        *(0, -1, -1, 0, 1, 0),
    ]


def test_order_flow_goes_with_the_takers():
    policy = OrderFlow("1h", enter=0.2, leave=0.1)

    assert walk(policy, [(100.0, ratio) for ratio in (0.1, 0.2, 0.1, 0.05, -0.3, -0.1, 0.1)]) == [0, 1, 1, 0, -1, -1, 0]


def target_of(policy, vol, held=0.0, symbols=("X",)):
    rows = {symbol: {"close": 100.0, f"vol_{policy.volatility}": vol} for symbol in symbols}
    decision = policy.decide(seen(policy, rows, dict.fromkeys(symbols, held)))
    return {symbol: intent.target for symbol, intent in decision.intents.items()}


def test_a_volatility_target_divides_by_the_volatility():
    policy = VolatilityTarget(target=0.4, volatility=9, bars_a_year=10_000, most=1.0, slack=0.1)

    assert target_of(policy, 0.008) == {"X": pytest.approx(0.5)}
    assert target_of(policy, 0.001) == {"X": 1.0}
    assert target_of(policy, 0.008, symbols=("X", "Y")) == {"X": pytest.approx(0.25), "Y": pytest.approx(0.25)}
    assert target_of(policy, 0.0) == {}


def test_a_volatility_target_leaves_small_differences():
    policy = VolatilityTarget(target=0.4, volatility=9, bars_a_year=10_000, slack=0.1)

    assert target_of(policy, 0.008, held=5.4) == {}  # 0.54 of 1000
    assert target_of(policy, 0.008, held=5.6) == {"X": pytest.approx(0.5)}


@pytest.mark.parametrize(
    "make",
    [
        lambda: Momentum(lookback=0),
        lambda: Momentum(volatility=1),
        lambda: Momentum(enter=0.2, leave=0.2),
        lambda: BandReversion(period=1),
        lambda: BandReversion(adx=0),
        lambda: BandReversion(depth=-0.1),
        lambda: BandReversion(calm=50.0, trend=40.0),
        lambda: VolumeBreakout(period=1),
        lambda: VolumeBreakout(volume=1),
        lambda: VolumeBreakout(surge=float("nan")),
        lambda: Carry(enter=0.0001, leave=0.0001),
        lambda: OrderFlow("2h"),
        lambda: OrderFlow(enter=0.0),
        lambda: VolatilityTarget(volatility=1),
        lambda: VolatilityTarget(target=0.0),
        lambda: VolatilityTarget(bars_a_year=0),
        lambda: VolatilityTarget(slack=2.0),
    ],
)
def test_what_cannot_be_is_refused(make):
    with pytest.raises(InvalidOption):
        make()


@pytest.mark.parametrize("name", EXPERTS)
def test_every_expert_reads_features_there_are_and_has_a_grid_that_can_be(name):
    assert Schema(EXPERTS[name]().features).names == EXPERTS[name]().features
    for key, values in GRIDS[name].items():
        for value in values:
            assert getattr(make_policy(name, {key: str(value)}), key) == value


SIZES = {"close": 100.0, "ret": 0.05, "vol": 0.002, "bb": 2.0, "adx": 40.0, "funding": 0.0005, "cvd": 0.3, "atr": 1.0}
SIGNED = ("ret", "bb", "funding", "cvd", "vol_z")


def fitting(features) -> list[Observation]:
    """Random observations whose values have the features' own sizes and signs."""
    rng, shown = np.random.default_rng(4), []
    for one in sample_observations(features):
        values = one.values.copy()
        for place, name in enumerate(features):
            if name.startswith(("close", "donchian")):
                continue
            size = SIZES.get(name.split("_")[0], 1.0) if not name.startswith("vol_z") else 2.0
            draw = rng.normal(0, size, len(values))
            values[:, place] = np.where(one.mask[:, place], draw if name.startswith(SIGNED) else abs(draw), np.nan)
        shown.append(one._replace(values=values, windows=values[None]))
    return shown


@pytest.mark.parametrize("options", [{}, {"stop_atr": 2.0, "target_atr": 4.0}, {"allow_short": False, "stop": 0.02}])
@pytest.mark.parametrize("name", EXPERTS)
def test_every_expert_conforms_on_values_it_acts_on(name, options):
    if name == "volatility-target":
        options = {"slack": 1.0}
    one = EXPERTS[name](**options)
    shown = fitting(one.features)

    check_policy(lambda: EXPERTS[name](**options), shown)

    decided = [bool(one.decide(observation).intents) for observation in shown]
    assert 5 < sum(decided) < len(decided)


def test_the_library_holds_the_six():
    assert list(EXPERTS) == list(GRIDS)
    assert len(EXPERTS) == 6
