import numpy as np

from alphaloop.training.ablation.taking import taken
from tests.training.ablation.builders import FEATURES, examples


def by_name(made, strength=0.0):
    return {one.name: one for one in taken(made, strength)}


def test_each_variant_takes_its_group(tmp_path):
    found = by_name(examples(tmp_path))

    assert {name: [FEATURES[place] for place in one.columns] for name, one in found.items()} == {
        "no_text": ["event_density", "event_decay", "event_sentiment"],
        "no_macro": ["funding_rate"],
        "event_window": ["event_density", "event_decay", "event_sentiment"],
        "no_flow": ["cvd_5m"],
    }
    assert {one.reason for one in found.values()} == {""}


def test_the_event_window_has_the_rows_with_events(tmp_path):
    made = examples(tmp_path)
    found = by_name(made)
    strong = made.rows.newest()[:, 2] > 0

    assert np.array_equal(found["event_window"].rows, strong)
    assert 0.15 < strong.mean() < 0.25
    assert found["no_text"].rows is None


def test_a_threshold_that_nothing_reaches_is_said(tmp_path):
    assert by_name(examples(tmp_path), strength=1.0)["event_window"].reason == "no row with event_decay above 1"


def test_what_is_not_there_cannot_be_taken(tmp_path):
    found = by_name(examples(tmp_path, shown=("ret_1", "cvd_5m")))

    assert found["no_text"].reason == "no feature of text varies in the window"
    assert found["no_macro"].reason == "no feature of macro varies in the window"
    assert found["event_window"].reason == "no feature of text varies in the window"
    assert found["no_flow"].reason == ""


def test_where_all_is_of_one_group_nothing_would_be_left(tmp_path):
    found = by_name(examples(tmp_path, shown=("cvd_5m",)))

    assert found["no_flow"].reason == "all features are flow: nothing would be left"


def test_text_without_the_strength_of_events_has_no_event_window(tmp_path):
    found = by_name(examples(tmp_path, shown=("ret_1", "event_sentiment")))

    assert found["event_window"].reason == "no feature event_decay that varies in the window"
