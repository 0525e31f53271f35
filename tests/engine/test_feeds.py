"""The replay feed: every bar once, in order, and word of how far it is."""

import numpy as np
import pytest

from alphaloop.core.market import Market
from alphaloop.core.time import MINUTE_US, Timeframe
from alphaloop.engine.feeds import ReplayFeed


def empty_market(bars: int) -> Market:
    return Market(np.arange(bars) * MINUTE_US, ("X",), np.full((bars, 1, 6), np.nan), Timeframe(MINUTE_US))


def test_bars_come_in_order_and_are_known_one_interval_later():
    feed = ReplayFeed(empty_market(3))

    assert len(feed) == 3
    assert [(bars.ts, bars.available_at) for bars in feed] == [(i * MINUTE_US, (i + 1) * MINUTE_US) for i in range(3)]


def test_a_feed_can_be_played_again():
    feed = ReplayFeed(empty_market(2))

    assert [bars.ts for bars in feed] == [bars.ts for bars in feed]


@pytest.mark.parametrize(("bars", "told"), [(0, [0]), (3, [1, 2, 3, 3]), (1000, [*range(10, 1001, 10), 1000])])
def test_progress_is_told_about_a_hundred_times(bars, told):
    heard: list[int] = []

    assert len(list(ReplayFeed(empty_market(bars), heard.append))) == bars
    assert heard == told


def test_progress_is_told_after_the_bar_is_done():
    heard: list[int] = []
    feed = iter(ReplayFeed(empty_market(2), heard.append))

    next(feed)
    assert heard == []
    next(feed)
    assert heard == [1]
