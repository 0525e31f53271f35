"""Everything a forecast came to out of sample: by hand where it can be, known truth where not."""

import json
from dataclasses import replace

import numpy as np
import pytest

from alphaloop.hindsight.bootstrap import Blocks
from alphaloop.training.chain.learner import QUANTILES
from alphaloop.training.chain.score import Bench, figures
from alphaloop.training.chain.walk import cuts_of, walk
from alphaloop.training.oos import OutOfSample, chance_of_rise
from tests.training.ablation.builders import ASKED, examples, fitting
from tests.training.chain.builders import RidgeLearner

HOW = Blocks(draws=200)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("oos")
    whole = examples(folder / "made", rows=2400)
    cuts = cuts_of(whole, 4, ASKED.embargo_us)
    return Bench(whole, cuts, 0), walk(whole, RidgeLearner(), cuts, fitting(folder / "walk"))


@pytest.fixture(scope="module")
def of(made):
    return OutOfSample(*made, ASKED.embargo_us, HOW)


@pytest.fixture(scope="module")
def said(of):
    return of.as_dict()


def test_figures_are_those_of_the_candidate(made, of, said):
    expected = figures(made[0], of.tried)
    assert said["forecast"]["ic"]["value"] == expected["ic"]
    assert [said["forecast"]["ic"]["low"], said["forecast"]["ic"]["high"]] == expected["interval"]
    assert said["forecast"]["rank_ic"]["value"] == expected["rank_ic"]
    assert said["forecast"]["hit_rate"]["value"] == expected["hit_rate"]
    assert said["money"]["net_pnl"]["value"] == pytest.approx(expected["net_pnl"])
    assert said["money"]["turnover"]["value"] == pytest.approx(expected["turnover"])
    assert said["money"]["sharpe"]["value"] == pytest.approx(expected["sharpe"])
    assert said["money"]["max_drawdown_of_bars"] == expected["max_drawdown"]
    assert said["money"]["trades"] == expected["trades"]


def test_every_figure_has_its_interval(said):
    measured = [said["forecast"][name] for name in ("ic", "rank_ic", "hit_rate")]
    measured += [said["forecast"]["ic"]["by_blocks"], said["calibration"]["ece"]]
    measured += [said["money"][name] for name in ("net_pnl", "sharpe", "max_drawdown", "turnover")]

    for one in measured:
        assert one["low"] <= one["value"] <= one["high"]
    assert said["forecast"]["ic"]["effective_n"] <= said["forecast"]["rows"]


def test_an_edge_is_seen_with_both_errors(said):
    ic = said["forecast"]["ic"]
    assert ic["low"] > 0.3
    assert ic["by_blocks"]["low"] == pytest.approx(ic["low"], abs=0.03)


def test_rows_say_how_they_were_kept_apart(made, said):
    rows = said["rows"]
    folds = rows["folds"]

    assert rows["overlaps"] == 0
    assert [one["scored"] for one in folds] == [False, True, True, True]
    assert rows["scored"] == sum(one["test_rows"] for one in folds[1:]) == said["forecast"]["rows"]
    for one in folds:
        assert one["last_train_label_ends"] + ASKED.embargo_us <= one["first_test"] + ASKED.step.us * max(ASKED.steps)
        assert one["last_train_label_ends"] <= one["first_test"]
        assert one["purged"] > 0  # labels of four bars reach into the test
    assert rows["labelled"] == len(made[0].examples.rows)


def test_bars_add_up_to_the_profit(of, said):
    bars = of.bars()

    assert bars["net"].sum() == pytest.approx(said["money"]["net_pnl"]["value"])
    assert bars["equity"][-1] == pytest.approx(1.0 + said["money"]["net_pnl"]["value"])
    assert bars.height == len(of.traded.times)
    assert bars["prediction"].null_count() == 0


def test_quantiles_of_a_normal_forecast_come_true(said):
    for one in said["calibration"]["quantiles"]:
        assert one["coverage"] == pytest.approx(one["level"], abs=0.05)
    assert said["calibration"]["ece"]["value"] < 0.08
    assert 0 < said["calibration"]["ece"]["by_luck"] < 0.1


def test_quantiles_that_are_too_narrow_are_found_out(made):
    bench, predicted = made
    middle = predicted.mean[:, :, None]
    narrow = replace(predicted, quantiles=middle + 0.1 * (predicted.quantiles - middle))
    found = OutOfSample(bench, narrow, ASKED.embargo_us, HOW).as_dict()["calibration"]
    lowest, highest = found["quantiles"][0], found["quantiles"][-1]

    assert lowest["low"] > QUANTILES[0]
    assert highest["high"] < QUANTILES[-1]
    assert found["ece"]["low"] > 0.05


def test_it_is_plain_json_and_the_same_again(made, said):
    again = OutOfSample(*made, ASKED.embargo_us, HOW).as_dict()

    assert json.loads(json.dumps(said, allow_nan=False)) == said == again


def test_a_forecast_of_nothing_earns_nothing_and_has_no_coefficient(made):
    bench, predicted = made
    still = replace(predicted, mean=np.where(np.isfinite(predicted.mean), 0.0, np.nan))
    found = OutOfSample(bench, still, ASKED.embargo_us, HOW).as_dict()

    assert found["forecast"]["ic"]["value"] is None
    assert found["money"]["net_pnl"] == {"value": 0.0}
    assert found["money"]["sharpe"] == {"value": None}


@pytest.mark.parametrize(
    ("quantiles", "expected"),
    [
        ([-2, -1, 0, 1, 2], 0.5),
        ([1, 2, 3, 4, 5], 0.95),
        ([-5, -4, -3, -2, -1], 0.05),
        ([-1, 0, 1, 2, 3], 0.75),
        ([-3, -1, 1, 2, 3], 0.625),
        ([0, 0, 0, 0, 0], 0.5),
        ([-1, 0, 0, 0, 1], 0.5),
        ([0, 0, 0, 1, 2], 0.725),
    ],
)
def test_the_chance_of_a_rise_by_hand(quantiles, expected):
    assert chance_of_rise(np.array([quantiles], dtype=float))[0] == pytest.approx(expected)
