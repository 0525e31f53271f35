import json
from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from alphaloop.core.errors import NoData, SchemaViolation
from alphaloop.registry.evidence import Coverage, Evidence
from alphaloop.registry.gates import judge
from alphaloop.registry.ledger import EVIDENCE, Ledger
from alphaloop.training.chain.asked import Effort
from alphaloop.training.chain.enter import fetch, read_manifest
from alphaloop.training.chain.examples import examples_of
from alphaloop.training.chain.learner import Chain, Search
from alphaloop.training.chain.run import Around, Background, passed, run_chain
from alphaloop.training.validation.tuning import Between
from tests.training.chain.builders import ASKED, RidgeLearner, store_of, symbol_rows

CHAIN = Chain(
    kind="made",
    variants={"weak": RidgeLearner(0.1), "strong": RidgeLearner(10.0)},
    chosen="weak",
    files={"model": "made_{symbol}.json"},
    manifests=("made_{symbol}_manifest.json",),
    recipe={"penalty": 0.1},
    backbones=("ridge",),
)


class Place:
    """A home with a ledger, and the run's surroundings in it."""

    def __init__(self, folder):
        self.ledger = Ledger.open(folder, clock=count(1).__next__)
        self.around = Around(
            home=folder, ledger=self.ledger, author="tests", command="train made", background=background,
            judge=self.judge, clock=count(1).__next__,
        )  # fmt: skip

    def judge(self, candidate):
        with self.ledger.journal.reading() as page:
            evidence = Evidence.from_json(page.last(EVIDENCE, subject=candidate).body)
        return {"candidate": candidate, "verdict": judge(evidence).verdict}


def background(examples, start, end):
    rows = len(examples.every)
    return Background(
        claim="simulated",
        coverage=(Coverage("market_bars", examples.symbol, rows, rows, 0, 0, rows),),
        leaks_green=True,
    )


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path / "home")
    yield made
    made.ledger.close()


def loader(folder, *rows, asked=ASKED):
    store = store_of(folder, *rows)
    return lambda symbol: examples_of(store, symbol, asked, cost=0.0002)


def run(place, tmp_path, chain=CHAIN, edge=0.3, rows=4000, asked=ASKED):
    return run_chain(asked, chain, loader(tmp_path / "set", symbol_rows(edge=edge, rows=rows)), place.around)


def test_a_run_ends_in_candidates_files_and_verdicts(place, tmp_path):
    found = run(place, tmp_path)

    assert [(one["symbol"], one["horizon"], one["kind"]) for one in found["candidates"]] == [
        ("BTCUSDT", "1h", "made"),
        ("BTCUSDT", "4h", "made"),
    ]
    oos = found["candidates"][0]["oos"]
    assert oos["interval"][0] < oos["ic"] < oos["interval"][1]
    assert oos["ic"] == pytest.approx(0.3, abs=0.06)
    assert oos["net_pnl"] > 0
    assert {one["name"] for one in found["artifacts"]} == {"made_btcusdt.json", "made_btcusdt_manifest.json"}
    assert [one["candidate"] for one in found["verdicts"]] == [one["id"] for one in found["candidates"]]
    assert passed(found)
    kept = json.loads((place.around.home / "runs" / found["run"] / "record.json").read_text())
    assert kept["asked"]["symbols"] == ["BTCUSDT"]
    assert kept["candidates"][0]["id"] == found["candidates"][0]["id"]


def test_the_manifest_names_everything_and_its_files(place, tmp_path):
    found = run(place, tmp_path)
    with place.ledger.journal.reading() as page:
        entry = page.last("candidate", subject=found["candidates"][0]["id"])
    manifest = read_manifest(place.ledger.artifacts, entry.data["artifact"])

    assert manifest["recipe"] == {"penalty": 0.1}
    assert manifest["asked"]["symbols"] == ["BTCUSDT"]
    assert manifest["versions"] == {"feature_matrix_main": 2, "market_bars": 1}
    assert manifest["groups"]["text"] == [2]
    assert fetch(place.ledger.artifacts, manifest, "model", tmp_path / "out").name == "made_btcusdt.json"
    with pytest.raises(SchemaViolation):
        fetch(place.ledger.artifacts, manifest, "other", tmp_path / "out")


def test_every_variant_is_a_trial_of_every_horizon_once(place, tmp_path):
    first, again = run(place, tmp_path), run(place, tmp_path)

    assert place.ledger.trials("made BTCUSDT 1h 1h").count == 2
    assert place.ledger.trials("made BTCUSDT 1h 4h").done == 2
    assert {name: value for name, value in first.items() if name != "seconds"} == {
        name: value for name, value in again.items() if name != "seconds"
    }


def test_a_killed_run_goes_on_and_ends_as_if_it_had_not_been(tmp_path):
    whole, killed = Place(tmp_path / "whole"), Place(tmp_path / "killed")
    expected = run(whole, tmp_path)
    dying = replace(CHAIN, variants={"weak": Dying(0.1), "strong": RidgeLearner(10.0)})
    with pytest.raises(KeyboardInterrupt):
        run(killed, tmp_path, dying)

    found = run(killed, tmp_path)

    assert killed.ledger.trials("made BTCUSDT 1h 1h").count == 2
    for name in ("candidates", "verdicts", "dropped", "run"):
        assert found[name] == expected[name]


class Dying(RidgeLearner):
    fits = 0

    def __call__(self, examples):
        object.__setattr__(self, "fits", self.fits + 1)
        if self.fits == 3:
            raise KeyboardInterrupt
        return RidgeLearner(self.penalty)


def test_a_symbol_without_labels_fails_by_name_and_the_others_go_on(place, tmp_path):
    empty = symbol_rows("ETHUSDT")
    empty.fwd_ret[:] = np.nan
    asked = replace(ASKED, symbols=("ETHUSDT", "BTCUSDT"))
    found = run_chain(asked, CHAIN, loader(tmp_path / "set", symbol_rows(), empty, asked=asked), place.around)

    assert [one["symbol"] for one in found["failed"]] == ["ETHUSDT"]
    assert "ETHUSDT: 0 labelled rows" in found["failed"][0]["found"]
    assert len(found["candidates"]) == 2
    assert not passed(found)


def test_no_symbol_at_all_is_the_error_itself(place, tmp_path):
    with pytest.raises(NoData, match="labelled rows"):
        run(place, tmp_path, rows=300)


def test_a_degraded_chain_says_so_and_cannot_pass(place, tmp_path):
    found = run(place, tmp_path, replace(CHAIN, degraded=("teacher: ridge, LightGBM is not installed",)))

    assert found["candidates"][0]["degraded"]
    assert not passed(found)
    assert {one["verdict"] for one in found["verdicts"]} == {"refused"}


def test_a_market_without_edge_is_not_passed(place, tmp_path):
    found = run(place, tmp_path, edge=0.0)

    assert "passed" not in {one["verdict"] for one in found["verdicts"]}


def test_a_search_is_counted_and_its_best_is_walked(place, tmp_path, monkeypatch):
    monkeypatch.setattr(type(ASKED), "effort", Effort(folds=4, trials=3))
    chain = replace(
        CHAIN,
        search=Search(
            space={"penalty": Between(0.01, 1e4, log=True)},
            make=lambda config: RidgeLearner(config["penalty"]),
            then=lambda config: replace(
                CHAIN, variants={"weak": RidgeLearner(config["penalty"])}, recipe={"penalty": config["penalty"]}
            ),
        ),
    )
    found = run(place, tmp_path, chain, rows=2000)

    assert place.ledger.trials("made BTCUSDT 1h 1h").count == 3 + 1
    assert found["candidates"][0]["trials"] == 4
    assert list(found["candidates"][0]["variants"]) == ["weak"]
