import numpy as np
import polars as pl

from alphaloop.training.tribunal.catalogue.decisions import FORWARD, as_predicted, traded
from alphaloop.training.tribunal.learning.decisions import judge_decisions
from alphaloop.training.tribunal.learning.subjects import Decided
from alphaloop.training.tribunal.verdict import LATER, NEVER_LEARNED


def tried(decide, futures, looks=4):
    [finding] = judge_decisions(Decided("chain", ("market_bars",), decide), futures, looks=looks)
    return finding


def test_predictions_of_walk_forward_are_not_accused(futures):
    finding = tried(traded(FORWARD, as_predicted), futures)

    assert finding.caught_by == ()
    assert finding.evidence[LATER].tried == 4


def test_what_looks_at_the_end_of_the_backtest_is_seen(futures):
    made = traded(FORWARD, as_predicted)
    finding = tried(lambda frames: made(frames).with_columns(pl.col("value") / pl.col("value").std()), futures)

    assert finding.evidence[LATER].failed == 4


def test_a_decision_that_comes_or_goes_with_later_facts_is_one_too(futures):
    made = traded(FORWARD, as_predicted)

    def decide(frames):
        rows = made(frames)
        return rows.filter(pl.col("value") > rows["value"].median())

    assert tried(decide, futures).caught_by == (LATER,)


def test_a_chain_that_reads_nothing_is_none(futures):
    made = traded(FORWARD, lambda panel, _: panel.symbol.astype(np.float64))

    assert tried(made, futures).caught_by == (NEVER_LEARNED,)
