"""The scene holds every kind of fact, in the lake's own form, and the traps it promises."""

import polars as pl
import pytest

from alphaloop.core.time import HOUR_US
from alphaloop.lake.schema import TABLES
from alphaloop.training.tribunal.scene import (
    COUNTED_IN_TIME,
    DELISTED,
    LATE_LINK_US,
    MADE_LATER,
    REVISED,
    REVISION_US,
    SYMBOLS,
    make_scene,
)

KINDS = (
    "market_bars prices orderbook_l2 trades funding_rates open_interest derivatives onchain_signals events event_links"
    " entities social_posts"
)


def test_every_kind_of_fact_is_there(scene):
    assert sorted(scene.frames) == sorted(KINDS.split())
    assert all(frame.height for frame in scene.frames.values())


@pytest.mark.parametrize("table", KINDS.split())
def test_rows_have_the_form_of_the_lake(scene, table):
    declared, frame = TABLES[table], scene.frames[table]

    wanted = {name: dtype for name, dtype in declared.dtypes.items() if name != "ingested_at"}
    assert dict(frame.schema) == wanted
    assert frame["available_at"].is_sorted()
    assert (frame["available_at"] >= frame["event_time"]).all()
    assert [
        one.name for one in declared.columns if not one.nullable and one.name in wanted and frame[one.name].has_nulls()
    ] == []
    assert frame["is_synthetic"].all()


@pytest.mark.parametrize("table", sorted(set(KINDS.split()) - {"onchain_signals"}))
def test_no_two_rows_share_a_key(scene, table):
    assert not scene.frames[table].select(TABLES[table].key).is_duplicated().any()


def test_the_same_seed_gives_the_same_scene():
    one, other, third = make_scene(1, days=4), make_scene(1, days=4), make_scene(2, days=4)

    assert all(one.frames[name].equals(other.frames[name]) for name in one.frames)
    assert not one.frames["market_bars"].equals(third.frames["market_bars"])


def test_traps_are_set(scene):
    frames = scene.frames
    last = frames["market_bars"].group_by("symbol").agg(pl.col("event_time").max())
    ends = dict(last.iter_rows())
    assert ends[DELISTED] < ends[SYMBOLS[0]]

    releases = frames["onchain_signals"].filter(pl.col("metric") == REVISED).group_by("symbol", "event_time")
    spread = releases.agg((pl.col("available_at").max() - pl.col("available_at").min()).dt.total_microseconds())
    assert set(spread["available_at"]) == {REVISION_US}

    dated = frames["events"].filter(pl.col("precision") == "day")
    assert dated.height > 10
    assert (dated["event_time"].dt.hour() == 0).all()
    assert ((dated["available_at"] - dated["event_time"]).dt.total_hours() >= 24).all()

    told = frames["events"].select("event_id", told="available_at")
    late = frames["event_links"].join(told, on="event_id").select(pl.col("available_at") - pl.col("told")).to_series()
    assert set(late.dt.total_microseconds()) == {0, LATE_LINK_US}
    assert LATE_LINK_US == 12 * HOUR_US

    stated = frames["social_posts"].select(COUNTED_IN_TIME.sum(), pl.len().alias("all")).row(0)
    assert 0.2 < stated[0] / stated[1] < 0.5
    assert set(MADE_LATER["social_posts"]) < set(frames["social_posts"].columns)
