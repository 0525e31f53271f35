"""What follows an instant may be anything; what came before it is untouched."""

import numpy as np
import polars as pl
import pytest

from alphaloop.training.tribunal.futures import (
    FUTURES,
    GARBAGE,
    OTHER_SYMBOL,
    REMOVED,
    UNKNOWN,
    at_once,
    begun_at,
    collected_otherwise,
    delayed,
    emptied,
    facts,
    make_futures,
    thinned,
)
from alphaloop.training.tribunal.scene import COUNTED_IN_TIME


def instant(scene, share):
    return int(scene.nows[int(len(scene.nows) * share)])


def until(frame, cut):
    return frame.filter(pl.col("available_at").to_physical() <= cut)


@pytest.mark.parametrize("future", FUTURES)
@pytest.mark.parametrize("share", [0.01, 0.5, 0.9])
def test_the_past_is_the_scene_and_the_clock_stands(scene, futures, future, share):
    cut = instant(scene, share)

    spliced = futures.splice(cut, future, tuple(scene.frames))

    for name, frame in scene.frames.items():
        assert until(spliced[name], cut).equals(until(frame, cut)), name
        later = spliced[name].filter(pl.col("available_at").to_physical() > cut)
        if future == REMOVED:
            assert later.is_empty()
        else:
            assert later["available_at"].equals(frame.tail(later.height)["available_at"])
            assert later.height == frame.height - until(frame, cut).height


def test_garbage_is_another_number_and_still_a_candle(scene, futures):
    bars, wild = scene.frames["market_bars"], futures.worlds[GARBAGE]["market_bars"]

    assert (wild["close"] != bars["close"]).mean() > 0.99
    assert (wild["high"] >= wild.select(pl.max_horizontal("open", "close")).to_series()).all()
    assert (wild["low"] > 0).all()
    assert wild["close"].max() > 10 * bars["close"].max()
    assert (
        futures.worlds[GARBAGE]["onchain_signals"]["value"].abs().max() > scene.frames["onchain_signals"]["value"].max()
    )


def test_unknown_is_null_where_it_may_be_and_else_not_a_number(futures):
    world = futures.worlds[UNKNOWN]

    assert world["market_bars"]["close"].is_nan().all()
    assert world["market_bars"]["taker_buy_volume"].is_null().all()
    assert world["events"]["confidence"].is_null().all()
    assert world["events"]["title"].null_count() == 0


def test_each_symbol_carries_the_next_ones_rows(scene, futures):
    def closes(frames, symbol):
        return frames["market_bars"].filter(pl.col("symbol") == symbol)["close"].to_list()

    other = futures.worlds[OTHER_SYMBOL]

    assert closes(other, scene.symbols[1]) == closes(scene.frames, scene.symbols[0])
    assert closes(other, scene.symbols[0]) == closes(scene.frames, scene.symbols[-1])


def test_one_symbol_alone_keeps_what_names_none(scene, futures):
    alone = futures.alone(scene.symbols[1])
    cut = instant(scene, 0.5)

    assert alone.scene.frames["market_bars"]["symbol"].unique().to_list() == [scene.symbols[1]]
    assert alone.scene.frames["events"].equals(scene.frames["events"])
    past = alone.splice(cut, OTHER_SYMBOL, ("market_bars",))["market_bars"]
    mine = scene.frames["market_bars"].filter(pl.col("symbol") == scene.symbols[1])
    assert until(past, cut).equals(until(mine, cut))


def test_the_same_seed_gives_the_same_garbage(scene):
    one, other = make_futures(scene, 3), make_futures(scene, 3)

    assert all(one.worlds[GARBAGE][name].equals(other.worlds[GARBAGE][name]) for name in scene.frames)


def test_what_a_table_states_is_neither_key_nor_time_nor_source():
    assert [one.name for one in facts("onchain_signals")] == ["value"]
    assert facts("event_links") == ()


def test_changes_of_one_table_leave_the_others(scene):
    hour, table = 3_600_000_000, "onchain_signals"
    before = scene.frames[table]["available_at"].to_physical().sort()

    assert np.array_equal(delayed(scene, table, hour)[table]["available_at"].to_physical().sort(), before + hour)
    moved = at_once(scene, table)[table]
    assert moved["available_at"].equals(moved["event_time"].alias("available_at"))
    assert emptied(scene, table)[table].is_empty()
    assert 0.3 < thinned(scene, table, 0)[table].height / len(before) < 0.7
    assert all(emptied(scene, table)[name] is frame for name, frame in scene.frames.items() if name != table)


def test_only_counts_that_came_later_are_dealt_out_anew(scene):
    posts, other = scene.frames["social_posts"], collected_otherwise(scene, "social_posts")["social_posts"]

    same = (posts["likes"] == other["likes"]) & (posts["author_followers"] == other["author_followers"])
    stated = posts.select(COUNTED_IN_TIME).to_series()
    assert same.filter(stated).all()
    assert same.filter(~stated).mean() < 0.5


def test_history_can_begin_later(scene):
    start = instant(scene, 0.3)

    assert all((frame["available_at"].to_physical() >= start).all() for frame in begun_at(scene, start).values())
