"""Gates of a candidate: found where there is an edge, none where there is none, and kept beside the model."""

from pathlib import Path

import numpy as np
import pytest

from alphaloop.policies.forecast.signals import Signals
from alphaloop.training.chain.learner import Fitting
from alphaloop.training.chain.signals import signals_of
from alphaloop.training.chain.walk import cuts_of, walk
from tests.training.chain.builders import ASKED, RidgeLearner, examples


def told(folder: Path, **how):
    made = examples(folder / "data", **how)
    cuts = cuts_of(made, 4, ASKED.embargo_us)
    around = Fitting(folder=folder / "walk", seed=0, embargo_us=ASKED.embargo_us)
    return made, walk(made, RidgeLearner(), cuts, around)


def test_an_edge_gets_gates_and_pays_on_blocks_no_gate_was_fitted_on(tmp_path):
    found = signals_of(*told(tmp_path, edge=0.7))
    hour = found["gates"]["1h"]

    assert found["cost"] == pytest.approx(0.0012)
    assert hour["entry"] >= 0.0012
    assert Signals.from_dict(found["gates"]).as_dict() == found["gates"]
    assert found["nested"]["1h"]["trades"] > 100
    # 0.7 of a deviation of 1 % is foretold: what passes earns some 60 bp before 12 bp of cost
    assert 0.003 < found["nested"]["1h"]["mean"] < 0.008


def test_noise_is_not_traded(tmp_path):
    found = signals_of(*told(tmp_path, edge=0.0))

    assert found["nested"]["1h"]["trades"] < 20
    assert [gate["entry"] for gate in found["gates"].values()] == [None, None]


def test_the_first_block_trades_nothing_and_teaches_the_second(tmp_path):
    made, predicted = told(tmp_path, edge=0.7)
    second = predicted.blocks[1][0]
    rows = predicted.tested[predicted.tested >= second]

    found = signals_of(made, predicted)["nested"]["1h"]

    assert found["rows"] <= len(rows)
    assert not np.isin(np.arange(second), rows).any()
