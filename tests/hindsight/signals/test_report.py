"""All figures of one signal: numbers or none, whatever the rows are."""

import json

import pytest

from alphaloop.hindsight.signals import signal_figures
from tests.hindsight.signals.builders import panel, rows

NAN = float("nan")


def test_an_edge_is_seen_in_every_figure():
    found = signal_figures(panel(0, edge=0.05))

    assert found["rows"] == 30_000
    assert (found["symbols"], found["overlap"], found["coverage"]) == (10, 11, 1.0)
    assert found["ic_low"] > 0
    assert found["rank_ic_low"] > 0
    assert found["time_ic_low"] > 0
    assert found["hit_rate_low"] > 0.5
    assert found["icir"] > 0.1
    assert found["top_less_bottom"] > 0


@pytest.mark.parametrize(
    "signal",
    [
        rows([1, 1, 1], [1, 2, 3]),
        rows([1, 2, 3], [0, 0, 0]),
        rows([NAN] * 3, [1, 2, 3]),
        rows([1.0], [1.0]),
        rows([1, 2, 3], [1, 2, 3], [0, 0, 0], symbols=list("ABC")),
    ],
    ids=["constant", "equal outcomes", "abstained", "one row", "one instant"],
)
def test_what_cannot_be_said_is_none(signal):
    found = signal_figures(signal)

    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["ic_error"] is None
    assert set(found) == set(signal_figures(panel(0, instants=200)))


def test_one_symbol_has_a_pooled_coefficient_and_none_across_symbols():
    found = signal_figures(rows([1, 2, 3, 4, 5], [1, 3, 2, 5, 4]))

    assert found["ic"] == pytest.approx(0.8)
    assert (found["time_ic"], found["time_rank_ic"], found["icir"]) == (None, None, None)
    assert found["time_ic_reason"] == "1 symbols at an instant: a figure across symbols needs 3"


def test_many_symbols_have_both_and_nothing_to_explain():
    found = signal_figures(panel(0, instants=200))

    assert found["time_ic"] is not None
    assert found["time_ic_reason"] is None


def test_symbols_that_do_not_differ_are_the_reason_where_they_are_many():
    found = signal_figures(rows([1, 1, 1], [1, 2, 3], [0, 0, 0], symbols=list("ABC")))

    assert found["time_ic_reason"] == "predictions or outcomes of an instant that do not differ"
