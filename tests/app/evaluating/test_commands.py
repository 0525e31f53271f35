"""``evaluate oos`` and ``evaluate ablation`` of a candidate whose truth is known, as a user runs them."""

import json
from pathlib import Path

import polars as pl
import pytest

from alphaloop.app.evaluating.kept import documents
from alphaloop.core.errors import NoData
from alphaloop.registry.ledger import Candidate, Ledger
from alphaloop.registry.lineage import lineage_here
from tests.app.cli.builders import call

DRAWS = ["--draws", "200"]


@pytest.fixture(scope="module")
def oos(home, candidate):
    return call("evaluate", "oos", candidate["id"], *DRAWS, "--json", home=home)


@pytest.fixture(scope="module")
def ablation(home, candidate):
    return call("evaluate", "ablation", candidate["id"][:6], *DRAWS, "--json", home=home)


def opened(home) -> Ledger:
    return Ledger.open(home, clock=lambda: 1)


def test_a_candidate_is_made_again_as_it_was(oos, candidate):
    found = oos.json

    assert (oos.code, found["reproduced"], found["claim"]) == (0, True, "simulated")
    assert found["forecast"]["ic"]["value"] == candidate["oos"]["ic"]
    assert found["money"]["net_pnl"]["value"] == pytest.approx(candidate["oos"]["net_pnl"])
    assert (found["rows"]["overlaps"], found["horizon"]) == (0, "1h")


def test_the_report_its_bars_and_its_hashes_lie_together(home, candidate, oos):
    page = Path(oos.json["report_file"])
    bars = pl.read_parquet(page.with_name("oos_bars.parquet"))
    ledger = opened(home)
    with ledger.journal.reading() as seen:
        held = documents(seen, candidate["id"])
    stored = json.loads(ledger.artifacts.get(held["oos.json"]))
    ledger.close()

    assert held == {**held, **oos.json["artifacts"]}
    assert stored["forecast"] == oos.json["forecast"]
    assert bars["net"].sum() == pytest.approx(oos.json["money"]["net_pnl"]["value"])
    assert "Out of sample: BTCUSDT 1h" in page.read_text()
    assert "{{" not in page.read_text()


def test_what_tells_the_return_is_missed_and_nothing_else(ablation):
    zeroed = ablation.json["results"]["walk_forward"]["zeroed"]

    assert ablation.code == 0
    assert zeroed["no_flow"]["ic"]["high"] < -0.1
    assert abs(zeroed["no_macro"]["ic"]["change"]) < 0.02
    assert zeroed["event_window"]["ic"]["high"] < 0
    assert ablation.json["summary"]["delta_ic_no_flow_vs_full"] == zeroed["no_flow"]["ic"]["change"]
    assert {one["overlaps"] for one in ablation.json["protocols"].values()} == {0}


def test_the_document_is_kept_under_its_name(home, candidate, ablation):
    ledger = opened(home)
    with ledger.journal.reading() as seen:
        held = documents(seen, candidate["id"])["multimodal_eval.json"]
    stored = json.loads(ledger.artifacts.get(held))
    ledger.close()
    page = Path(ablation.json["report_file"])

    assert held == ablation.json["artifact"]
    assert json.loads(page.with_name("multimodal_eval.json").read_text()) == stored
    assert stored["results"] == ablation.json["results"]
    assert page.with_name("forest.svg").read_text().strip() in page.read_text()
    assert "{{" not in page.read_text()


def test_variants_that_were_trained_anew_are_trials_once(home, candidate, ablation):
    ledger = opened(home)
    before = ledger.trials("multimodal BTCUSDT 1h 1h")
    again = call("evaluate", "ablation", candidate["id"], *DRAWS, "--json", home=home)
    after = ledger.trials("multimodal BTCUSDT 1h 1h")
    ledger.close()

    assert before.done == after.done == candidate["trials"] + 3  # no_text, no_macro, no_flow
    assert before.aborted == 1  # the event window has too few rows to learn from, and the document says so
    assert {one["name"]: one["not_retrained"] for one in ablation.json["taken"]}["event_window"] != ""
    assert again.json["results"] == ablation.json["results"]
    assert again.json["artifact"] != ""


def test_people_are_shown_tables(home, candidate, oos, ablation):
    shown = [call("evaluate", what, candidate["id"], *DRAWS, home=home) for what in ("oos", "ablation")]

    assert [one.code for one in shown] == [0, 0]
    assert "reproduced" in shown[0].out
    assert "without less full" in shown[1].out


@pytest.mark.parametrize("what", ["oos", "ablation"])
@pytest.mark.parametrize(
    ("words", "error"), [(["nobody"], "UnknownName"), (["nobody", "--draws", "5"], "InvalidOption")]
)
def test_what_cannot_be_asked_is_refused(home, what, words, error):
    answer = call("evaluate", what, *words, "--json", home=home)

    assert (answer.code, answer.json["error"]) == (2, error)


def test_a_rule_is_no_forecaster(home, tmp_path):
    ledger = opened(tmp_path)
    artifact = ledger.artifacts.put(b"{}")
    rule = Candidate(symbol="X", horizon="1h", kind="rule", model="flat", artifact=artifact, lineage=lineage_here())
    name = ledger.register(rule, "ann")
    ledger.close()
    answer = call("evaluate", "oos", name, "--json", home=tmp_path)

    assert (answer.code, answer.json["error"]) == (2, "InvalidOption")
    assert "kind 'rule'" in answer.json["found"]


def test_a_data_set_that_is_gone_names_the_command_that_makes_it(home, candidate, oos, tmp_path):
    from alphaloop.app.evaluating.again import again

    ledger = opened(home)
    with pytest.raises(NoData, match="make it again: alphaloop"):
        again(tmp_path, ledger, candidate["id"])
    ledger.close()
