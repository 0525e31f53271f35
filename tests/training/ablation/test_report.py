"""Known truth: what tells the return is missed where it is taken, and what tells nothing is not."""

import json

import numpy as np
import pytest

from alphaloop.core.errors import DegenerateData
from alphaloop.training.ablation.report import ablate, summary
from tests.training.ablation.builders import ASKED, examples, order

PROTOCOLS = ("walk_forward", "purged_kfold")


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    return ablate(order(folder, examples(folder / "made")))


def figure(document, protocol, mode, name, figure="ic", horizon="1h"):
    return document["horizons"][horizon][protocol][mode][name][figure]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("mode", ["zeroed", "retrained"])
def test_what_tells_the_return_is_missed(document, protocol, mode):
    flow, text, macro = (figure(document, protocol, mode, name) for name in ("no_flow", "no_text", "no_macro"))

    assert flow["high"] < -0.1
    assert text["high"] < 0
    assert abs(macro["change"]) < 0.01
    assert flow["full"] == text["full"] == macro["full"]


@pytest.mark.parametrize("mode", ["zeroed"])
def test_text_is_worth_more_where_there_is_some(document, mode):
    everywhere = figure(document, "walk_forward", mode, "no_text")
    window = figure(document, "walk_forward", mode, "event_window")

    assert window["change"] < 2 * everywhere["change"] < 0


def test_errors_and_money_go_the_other_way(document):
    assert figure(document, "walk_forward", "zeroed", "no_flow", "mse")["low"] > 0
    assert figure(document, "walk_forward", "zeroed", "no_flow", "net_per_day")["high"] < 0
    assert figure(document, "walk_forward", "zeroed", "no_flow", "rank_ic")["high"] < 0


def test_rows_are_the_same_and_said(document):
    for name, one in document["protocols"].items():
        assert one["overlaps"] == 0
        rows = {
            document["horizons"][horizon][name][mode][variant]["rows"]
            for horizon in ASKED.horizons
            for mode in ("zeroed", "retrained")
            for variant in ("no_text", "no_macro", "no_flow")
        }
        assert rows == {one["scored_rows"]}
    window = figure(document, "walk_forward", "zeroed", "event_window", "rows")
    assert 0.1 < window / document["protocols"]["walk_forward"]["scored_rows"] < 0.3


def test_the_document_is_plain_and_the_same_again(document, tmp_path):
    again = ablate(order(tmp_path, examples(tmp_path / "made")))

    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert again == document


def test_the_summary_has_the_names_of_the_candidate_registry(document):
    found = summary(document, "1h")

    assert found["delta_mse_no_text_vs_full"] == figure(document, "walk_forward", "zeroed", "no_text", "mse")["change"]
    assert len(found) == 16
    assert None not in found.values()


def test_what_cannot_be_taken_says_why(tmp_path):
    made = examples(tmp_path / "made", shown=("ret_1", "cvd_5m"))
    found = ablate(order(tmp_path, made))

    assert set(found["horizons"]["1h"]["walk_forward"]["zeroed"]) == {"no_flow"}
    assert {one["name"]: one["reason"] for one in found["taken"]}[
        "no_text"
    ] == "no feature of text varies in the window"
    assert summary(found, "1h")["delta_ic_no_text_vs_full"] is None


def test_what_cannot_be_trained_anew_says_why_and_the_rest_goes_on(tmp_path):
    def refusing(name, work):
        if name == "no_macro":
            raise DegenerateData("nothing left to learn from")
        return work()

    found = ablate(order(tmp_path, examples(tmp_path / "made"), count=refusing))
    said = {one["name"]: one["not_retrained"] for one in found["taken"]}

    assert said == {"no_text": "", "no_macro": "nothing left to learn from", "event_window": "", "no_flow": ""}
    assert "no_macro" not in found["horizons"]["1h"]["walk_forward"]["retrained"]
    assert "no_macro" in found["horizons"]["1h"]["walk_forward"]["zeroed"]


def test_where_nothing_can_be_known_nothing_is_missed(tmp_path):
    found = ablate(order(tmp_path, examples(tmp_path / "made", flow=0.0, text=0.0, seed=5)))
    lost = [figure(found, "walk_forward", "zeroed", name) for name in ("no_text", "no_macro", "no_flow")]

    assert np.mean([one["low"] <= 0 <= one["high"] for one in lost]) == 1
