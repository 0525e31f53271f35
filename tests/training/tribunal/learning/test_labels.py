import polars as pl
import pytest

from alphaloop.core.errors import InvalidOption
from alphaloop.training.tribunal.catalogue.labels import label
from alphaloop.training.tribunal.learning.labels import draw_cuts, judge_labels, missing_closes
from alphaloop.training.tribunal.learning.panel import HORIZON
from alphaloop.training.tribunal.learning.subjects import Labels
from alphaloop.training.tribunal.verdict import AFTER_END, BEFORE_START, INSIDE

FORWARD = pl.col("ahead") / pl.col("close") - 1


def tried(value, futures, scaled=(), **options):
    [finding] = judge_labels(
        Labels("label", ("value",), ("market_bars",), label(value, **options), scaled), futures, cuts=12
    )
    return finding


def test_what_stays_in_its_interval_is_not_accused(small):
    finding = tried(FORWARD, small)

    assert finding.caught_by == ()
    assert {check: one.tried for check, one in finding.evidence.items()} == {AFTER_END: 12, BEFORE_START: 12, INSIDE: 1}


def test_one_bar_past_the_end_is_seen(small):
    end = pl.col("available_at") + pl.duration(minutes=30 * (HORIZON - 1))

    assert tried(FORWARD, small, end=end).caught_by == (AFTER_END,)


def test_one_bar_before_the_start_is_seen(small):
    assert tried(pl.col("ahead") / pl.col("close").shift(1) - 1, small).caught_by == (BEFORE_START,)


def test_a_scale_from_before_the_start_is_allowed_where_it_is_declared(small):
    scaled = FORWARD / (pl.col("close") / pl.col("close").shift(5) - 1).abs()

    assert tried(scaled, small, scaled=("value",)).caught_by == ()
    assert tried(scaled, small).caught_by == (BEFORE_START,)


def test_a_label_that_reads_nothing_is_none(small):
    assert tried(pl.lit(1.0), small).caught_by == (INSIDE,)


def test_some_cuts_fall_where_a_bar_is_missing(scene, futures):
    holes = set(missing_closes(futures).tolist())
    cuts = draw_cuts(futures, 40, seed=0)

    assert len(cuts) == 40
    assert sum(one in holes for one in cuts) >= 10
    assert min(cuts) > scene.nows[0]


def test_fewer_cuts_than_futures_would_prove_nothing(small):
    with pytest.raises(InvalidOption, match="3 cuts"):
        judge_labels(Labels("label", ("value",), ("market_bars",), label(FORWARD)), small, cuts=3)
