"""The chain of backbones: equal budgets, a leaderboard, what is missing said by name."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from alphaloop.core.errors import InvalidOption, MissingExtra, NoData, UnknownName
from alphaloop.training.backbones import chain as chains
from alphaloop.training.backbones.chain import backbones, best_of_first_block, states
from alphaloop.training.backbones.learners import MakeBackbone, parted, thinned
from alphaloop.training.backbones.report import Details, leaderboard, recalibrated, suite
from alphaloop.training.backbones.settings import ALL, NETWORKS, Settings
from alphaloop.training.chain.asked import Effort
from alphaloop.training.chain.enter import fetch, read_manifest
from alphaloop.training.chain.learner import QUANTILES, Fitting
from alphaloop.training.chain.logs import unpack
from alphaloop.training.chain.run import run_chain
from alphaloop.training.chain.settings import settings_of
from alphaloop.training.chain.walk import Cuts, Predicted
from tests.training.chain.builders import ASKED, examples
from tests.training.chain.test_run import loader, place, symbol_rows  # noqa: F401 - a fixture

SMALL = {"epochs": 1, "rows": 64, "batch": 32, "held_out": 0.3, "device": "cpu"}
TOLD = replace(ASKED, settings={"models": "ridge+rlinear+tsmixer", **SMALL})


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setitem(
        sys.modules["alphaloop.training.chain.asked"].EFFORT, "fast", Effort(rows=1400, folds=3, epochs=1, trials=0)
    )


def run(place, tmp_path, asked=TOLD):  # noqa: F811
    load = loader(tmp_path / "set", symbol_rows(edge=0.4, rows=1500), asked=asked)
    details = Details(settings_of(Settings, asked.settings), asked.effort.epochs, asked.seed)
    return run_chain(asked, backbones(asked), load, place.around, details)


def test_backbones_are_walked_alike_and_the_best_of_the_first_block_is_the_candidate(place, tmp_path, quick):  # noqa: F811
    found = run(place, tmp_path)
    told, board = found["details"]["BTCUSDT"], leaderboard(found)

    assert {row["backbone"] for row in board} == {"ridge", "rlinear", "tsmixer"}
    assert all(row["state"] == "ready" and len(row["interval"]) == 2 for row in board)
    assert told["chosen"] == max(told["first_block"], key=told["first_block"].get)
    assert {one["chosen"] for one in found["candidates"]} == {told["chosen"]}
    assert [one["trials"] for one in found["candidates"]] == [3, 3]
    assert told["budget"]["steps"] == 2
    best = [row["net_pnl"] for row in board if row["horizon"] == "1h"]
    assert best == sorted(best, reverse=True)


def test_curves_of_all_fits_stand_in_the_manifest(place, tmp_path, quick):  # noqa: F811
    found = run(place, tmp_path, replace(TOLD, settings={"models": "rlinear", **SMALL}))
    with place.ledger.journal.reading() as page:
        artifact = page.last("candidate", subject=found["candidates"][0]["id"]).data["artifact"]
    store = place.ledger.artifacts
    manifest = read_manifest(store, artifact)

    curves = unpack(fetch(store, manifest, "curves", tmp_path).read_bytes())

    assert [one.name for one in curves] == ["final/rlinear", *(f"rlinear/fold-{n}/rlinear" for n in range(3))]
    assert all(np.isfinite(one.values["valid_loss"]).all() for one in curves)
    assert found["logs"]["curves"] == ["written"]


def test_the_suite_says_everything_in_one_document(place, tmp_path, quick):  # noqa: F811
    asked = replace(TOLD, settings={"models": "ridge"})

    said = suite(run(place, tmp_path, asked), {"symbols": ["BTCUSDT"]})

    assert said["states"] == {"ridge": "ready"}
    assert [row["horizon"] for row in said["leaderboard"]] == ["1h", "4h"]
    assert said["chosen"] == {"BTCUSDT": "ridge"}
    calibration = said["calibration"]["BTCUSDT"]["1h"]["ridge"]
    assert len(calibration["before"]) == len(calibration["after"]) == 5
    assert calibration["error_after"] < 0.05


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_fits_predicts_and_is_kept(name, tmp_path):
    made = examples(tmp_path / "set", rows=600)
    learner = MakeBackbone(name, settings_of(Settings, SMALL))(made)
    how = Fitting(folder=tmp_path / "fit", seed=1, embargo_us=ASKED.embargo_us, epochs=1)

    forecast = learner.fit(made.rows.pick(np.arange(500)), how).predict(made.rows.pick(np.arange(500, 520)))

    assert forecast.mean.shape == (20, 2)
    assert (np.diff(np.stack([forecast.quantile(q) for q in QUANTILES]), axis=0) >= 0).all()
    assert learner.save(tmp_path)["model"].exists()


def test_without_torch_ridge_runs_alone_and_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)  # an import of it fails

    chain = backbones(ASKED)

    assert states(ALL) == {"ridge": "ready", **dict.fromkeys(NETWORKS, "torch_missing")}
    assert list(chain.variants) == ["ridge"]
    assert chain.degraded == ("torch_missing: rlinear, dlinear, itransformer, patchtst, tft, tsmixer",)
    assert chain.backbones == ("ridge",)


def test_without_torch_the_leaderboard_names_what_is_missing(place, tmp_path, quick, monkeypatch):  # noqa: F811
    monkeypatch.setattr(chains, "torch_there", lambda: False)

    found = run(place, tmp_path)
    missing = [row["backbone"] for row in leaderboard(found) if row["state"] == "torch_missing"]

    assert missing == ["rlinear", "tsmixer"] * 2
    assert [one["degraded"] for one in found["candidates"]] == [["torch_missing: rlinear, tsmixer"]] * 2
    assert [one["verdict"] for one in found["verdicts"]] == ["refused", "refused"]


def test_networks_alone_cannot_be_had_without_torch(monkeypatch):
    monkeypatch.setattr(chains, "torch_there", lambda: False)

    with pytest.raises(MissingExtra, match=r"alphaloop\[torch\]"):
        backbones(replace(ASKED, settings={"models": "tft"}))


def test_what_is_no_setting_is_refused():
    with pytest.raises(UnknownName, match="backbone lstm"):
        settings_of(Settings, {"models": "ridge+lstm"})
    with pytest.raises(UnknownName, match="setting 'width'"):
        settings_of(Settings, {"width": 3})
    with pytest.raises(InvalidOption):
        settings_of(Settings, {"epochs": "many"})
    with pytest.raises(InvalidOption):
        Settings(held_out=1.0)


def test_rows_are_thinned_evenly_and_parted_without_overlap(tmp_path):
    rows = examples(tmp_path / "set", rows=1000).rows

    few = thinned(rows, 100)
    early, late = parted(rows, 0.2, ASKED.embargo_us)

    assert (len(few), few.times[0], few.times[-1]) == (100, rows.times[0], rows.times[-1])
    assert early.ends.max() + ASKED.embargo_us <= late.times.min()
    with pytest.raises(NoData, match="64 or more"):
        parted(thinned(rows, 200), 0.2, ASKED.embargo_us)


def test_a_recalibrated_block_knows_earlier_blocks_only(tmp_path):
    made = examples(tmp_path / "set", rows=600)
    count = len(made.rows)
    cuts = Cuts(tuple((np.arange(10), np.arange(at, at + 100)) for at in (100, 200, 300)), 0)
    quantiles = np.tile(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]) / 100, (count, 2, 1))
    one = Predicted(np.zeros((count, 2)), quantiles, cuts)
    later = Predicted(one.mean, quantiles.copy(), cuts)
    later.quantiles[300:400] *= 3.0  # the last block foretells otherwise: nothing before may notice

    (found, rows), (other, _) = recalibrated(made, one, 0), recalibrated(made, later, 0)

    assert rows.tolist() == list(range(200, 400))
    assert np.array_equal(found[:100], other[:100])
    assert not np.array_equal(found[100:], other[100:])
    assert best_of_first_block(made, {"a": one, "b": one}) == "a"
