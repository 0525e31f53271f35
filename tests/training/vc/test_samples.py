"""Features and labels of events, by hand."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.core.errors import DegenerateData, InvalidOption, NoData
from alphaloop.core.time import DAY_US
from alphaloop.lake.columns import TIME
from alphaloop.lake.table import Lake
from alphaloop.training.vc.asked import MONTH_US, VcAsked
from alphaloop.training.vc.mentions import gather
from alphaloop.training.vc.samples import documented, later, samples_of
from tests.training.vc.builders import START, put, world

LATER_FULL = VcAsked(label="later", within_months=2)
LATER = VcAsked(label="later", within_months=2, step_days=30, reach_days=90)
FIRST = -(-START // (30 * DAY_US)) * 30 * DAY_US  # the first decision day in or after 2010


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path / "lake")


def day(instant):
    return (instant - START) / DAY_US


def test_documented_features_by_hand(lake):
    offset = day(FIRST) - 1
    put(lake, [("a", "funding", offset, "x", 1, 0.9), ("b", "news", offset + 10, None, None, None),
               ("c", "odd", offset + 45, "x", 5, 0.5), ("d", "mna", offset + 61, "x", 5, 0.5)])  # fmt: skip
    mentions = gather(lake, VcAsked())
    made = documented(mentions, VcAsked())

    # known on days 0, 10, 45 and 61 after a decision day: decided on days 0, 30, 60, and 90, which is too late
    assert made.X[0] == pytest.approx([1.0, 0.2, 0.9, 1.0, 0.0])
    assert made.X[1] == pytest.approx([0.0, np.nan, np.nan, np.exp(-20 / 30), 20 / 730], nan_ok=True)
    assert made.X[2] == pytest.approx([np.nan, 1.0, 0.5, np.exp(-15 / 30), 15 / 730], nan_ok=True)
    assert ((made.times - FIRST) / DAY_US).tolist() == [0, 30, 60]
    assert (made.y.tolist(), made.censored, mentions.nameless) == ([1.0, 0.0, 0.0], 1, 1)


def test_the_documented_label_is_in_the_first_feature(lake):
    made = documented(gather(put(lake, world()), VcAsked()), VcAsked())

    assert np.array_equal(made.y, (made.X[:, 0] >= 0.75).astype(float))


def test_later_labels_by_hand(lake):
    """One company: news known on day 10, a deal of day 80 known on day 81; decisions every 30 days."""
    offset = day(FIRST)
    put(lake, [("n", "product", offset + 9, "x", 1, 0.9), ("d", "mna", offset + 79, "x", 1, 0.9),
               ("z", "market", offset + 400, "y", 1, 0.9)])  # fmt: skip
    made = later(gather(lake, LATER), LATER)
    ours = made.entity == 1

    # decisions 30 and 60 see the news (ages 20 and 50); 90, 120 and 150 see the deal known on day 80 (ages 10, 40, 70)
    assert ((made.times[ours] - FIRST) / DAY_US).tolist() == [30, 60, 90, 120, 150]
    assert made.X[ours, 0].tolist() == [0.5, 0.5, 0.75, 0.75, 0.75]
    assert made.X[ours, 4] == pytest.approx(np.array([20, 50, 10, 40, 70]) / 90)
    # two months are 60.875 days: from day 30 and from day 60 the deal of day 80 is in reach, later there is none
    assert made.y[ours].tolist() == [1.0, 1.0, 0.0, 0.0, 0.0]
    assert (made.ends - made.times == 2 * MONTH_US).all()


def test_decisions_without_an_answer_in_the_record_are_left_out_and_counted(lake):
    offset = day(FIRST)
    put(lake, [("n", "product", offset + 9, "x", 1, 0.9), ("d", "funding", offset + 79, "x", 1, 0.9)])
    made = later(gather(lake, LATER), LATER)

    # the record ends on day 80: only the decision of day 30 or before would be answered, and 30 + 60.875 > 80
    assert (len(made), made.censored) == (0, 2)


def test_a_deal_that_happened_before_the_decision_is_no_later_one(lake):
    """It is known after the decision of day 30, but happened before: nothing was foretold."""
    offset = day(FIRST)
    put(lake, [("n", "product", offset + 9, "x", 1, 0.9), ("d", "mna", offset + 29.5, "x", 1, 0.9),
               ("z", "market", offset + 400, "y", 1, 0.9)])  # fmt: skip
    made = later(gather(lake, LATER), LATER)

    assert made.y[(made.entity == 1) & (made.times == FIRST + 30 * DAY_US)].tolist() == [0.0]


def test_a_link_that_comes_late_is_known_late(lake):
    put(lake, [("n", "product", 9, None, 1, 0.9), ("z", "market", 400, "y", 1, 0.9)])
    link = lake.read("event_links").with_columns(
        event_id=pl.lit("n"),
        event_time=pl.lit(START + 9 * DAY_US).cast(TIME),
        available_at=pl.lit(START + 50 * DAY_US).cast(TIME),
    )
    lake.append("event_links", link, ingested_at=START)

    assert gather(lake, LATER).named.select("event_id", "known").rows() == [
        ("n", START + 50 * DAY_US),
        ("z", START + 401 * DAY_US),
    ]


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 1000), cut=st.integers(400, 1400))
def test_no_feature_knows_what_comes_after_its_decision(tmp_path_factory, seed, cut):
    """Everything known after an instant is cut off: rows decided before it keep their features, labels may be lost."""
    rows = world(seed, companies=6)
    whole = Lake(tmp_path_factory.mktemp("lake"))
    put(whole, rows)
    end = START + cut * DAY_US
    early = later(
        gather(whole, VcAsked(label="later", within_months=2, end=end)), VcAsked(label="later", within_months=2)
    )
    full = later(gather(whole, LATER_FULL), LATER_FULL)
    before = full.ends <= end

    assert np.array_equal(full.X[before], early.X, equal_nan=True)
    assert np.array_equal(full.y[before], early.y)


def test_only_entities_of_the_kinds_asked_for_are_scored(lake):
    put(lake, world(companies=4), kinds={"c0": "investor", "c1": "person"})
    both = VcAsked(label="later", within_months=2, kinds=("investor", "person"))

    assert set(gather(lake, LATER).named["entity"]) == {"c2", "c3"}
    assert set(gather(lake, both).named["entity"]) == {"c0", "c1"}


def test_the_newest_events_are_taken(lake):
    put(lake, world(companies=30))
    mentions = gather(lake, VcAsked(limit=10))

    assert mentions.events.height == 10
    assert mentions.events["known"].min() >= gather(lake, VcAsked()).events["known"].sort()[-10]


def test_days_before_the_end_of_the_record_are_the_same_as_a_start(lake):
    put(lake, world(companies=10))
    whole = gather(lake, VcAsked())
    start = whole.end - 100 * DAY_US

    assert gather(lake, VcAsked(lookback_days=100)).events.equals(gather(lake, VcAsked(start=start)).events)


def test_events_of_other_symbols_are_left_out(lake):
    put(lake, world(companies=3))
    with pytest.raises(NoData, match="no events of BTCUSDT"):
        gather(lake, VcAsked(symbols=("BTCUSDT",)))

    assert gather(lake, VcAsked(symbols=("MARKET",))).events.height == gather(lake, VcAsked()).events.height


def test_what_it_cannot_do_it_says(lake):
    with pytest.raises(NoData, match="no events known from the beginning on"):
        gather(lake, VcAsked())
    put(lake, [("a", "funding", 0, None, 1, 0.9)])
    with pytest.raises(NoData, match="1 events, none about company or coin"):
        samples_of(gather(lake, LATER), LATER)
    with pytest.raises(NoData, match="0 rows, 1 left out"):
        samples_of(gather(lake, VcAsked()), VcAsked())
    put(lake, [(f"b{n}", "mna", n, "x", 1, 0.9) for n in range(300)])
    with pytest.raises(DegenerateData, match="all 1"):
        samples_of(gather(lake, VcAsked()), VcAsked())


@pytest.mark.parametrize(
    "wrong",
    [
        {"label": "sooner"},
        {"within_months": 0},
        {"folds": 1},
        {"start": 2, "end": 1},
        {"kinds": ()},
        {"lookback_days": 0},
        {"start": 1, "lookback_days": 1},
        {"limit": 0},
    ],
)
def test_a_run_that_cannot_be_is_refused(wrong):
    with pytest.raises(InvalidOption):
        VcAsked(**wrong)
