"""Taker windows and books by hand; sources in their order; skewed clocks, crossed books, broken chains; real feeds."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import nan

from alphaloop.core.errors import UnsortedData
from alphaloop.core.time import MINUTE_US, SECOND_US, Timeframe
from alphaloop.features.facts import SourceFamily, SymbolFacts
from alphaloop.features.sources.flow import Flow
from alphaloop.lake.sources.simulated import SimulatedMarket, simulate
from tests.features.sources.rows import VENUE, columns, computed, drawn, facts, table, unequal, us

FAMILY = Flow()
BOOK = [one.name for one in FAMILY.declared if one.inputs[0] == "orderbook_l2.bid_price"]


def bars(*flows: tuple[float, float | None, float], step: int = 5, **constants: object) -> pl.DataFrame:
    """Bars of (open minute, bought, traded) in quote currency, 10 trades each."""
    rows = [
        {"event": minute, "known": minute + step, "volume": traded / 100, "quote_volume": traded, "trades": 10,
         "taker_buy_volume": None if bought is None else bought / 100, "taker_buy_quote_volume": bought}
        for minute, bought, traded in flows
    ]  # fmt: skip
    prices = dict.fromkeys(("open", "high", "low", "close"), 100.0)
    return table("market_bars", rows, **{"timeframe": f"{step}m", **prices, **constants})


def trades(*rows: tuple[float, float, float, bool | None], kind: str = "trade", **constants: object) -> pl.DataFrame:
    """Trades of (minute, price, quantity, whether the taker sold)."""
    named = [
        {"event": minute, "price": price, "quantity": quantity, "buyer_is_maker": sold, "trade_id": str(place)}
        for place, (minute, price, quantity, sold) in enumerate(rows)
    ]
    return table("trades", named, kind=kind, **constants)


def book(minute: float, bids, asks, kind: str = "snapshot", **more: object) -> dict[str, object]:
    """One row of an order-book feed; levels are (price, quantity)."""
    sides = {
        f"{side}_{part}": [float(level[place]) for level in levels]
        for side, levels in (("bid", bids), ("ask", asks))
        for place, part in enumerate(("price", "qty"))
    }
    return {"event": minute, "kind": kind, **sides, **more}


def books(*rows: dict[str, object]) -> pl.DataFrame:
    """The table, its rows numbered in the order given."""
    return table("orderbook_l2", [{"sequence": place, **row} for place, row in enumerate(rows)])


def update(minute: float, first: int, last: int, bids=(), asks=(), **more: object) -> dict[str, object]:
    """One message of changes, with the venue's ids."""
    return book(minute, bids, asks, "update", first_update_id=first, final_update_id=last, **more)


def test_it_is_a_source_family_with_distinct_names():
    names = [one.name for one in FAMILY.declared]

    assert isinstance(FAMILY, SourceFamily)
    assert len(set(names)) == len(names) == 36
    assert {one.modality for one in FAMILY.declared} == {"flow"}


def test_taker_flow_of_bars():
    # an hour of bars with 60 bought of 100 each, the last with 90 of 100
    flows = [(5 * k, 60.0, 100.0) for k in range(11)] + [(55, 90.0, 100.0)]
    got = columns(FAMILY, facts([55, 60], market_bars=bars(*flows)))

    assert got["cvd_5m"] == [20, 80]
    assert got["cvd_ratio_5m"] == pytest.approx([0.2, 0.8])
    assert got["taker_buy_5m"] == [60, 90]
    assert got["taker_sell_5m"] == [40, 10]
    assert got["taker_log_ratio_5m"] == pytest.approx([math.log(1.5), math.log(9)])
    assert got["trade_intensity_5m"] == [2, 2]
    assert got["cvd_1h"] == pytest.approx([nan, 300], nan_ok=True)
    assert got["cvd_ratio_1h"] == pytest.approx([nan, 0.25], nan_ok=True)
    assert got["trade_intensity_1h"] == pytest.approx([nan, 2], nan_ok=True)
    assert got["flow_source_5m"] == [1, 1]
    assert got["flow_source_1h"] == [0, 1]
    assert got["large_trade_share_5m"] == pytest.approx([nan, nan], nan_ok=True)


def test_base_units_at_the_close_where_no_turnover_is_stated():
    frame = bars((0, 60.0, 100.0)).with_columns(pl.lit(None, pl.Float64).alias("quote_volume"))

    assert columns(FAMILY, facts([5], market_bars=frame))["cvd_5m"] == pytest.approx([20])


def test_an_absent_or_silent_bar_makes_its_windows_unknown():
    flows = [(5 * k, None if k == 3 else 60.0, 100.0) for k in range(40) if k != 20]
    got = columns(FAMILY, facts([5 * (k + 1) for k in range(40)], market_bars=bars(*flows)))

    known = [5 * k for k in range(40) if not math.isnan(got["cvd_1h"][k])]
    assert known == [5 * k for k in (*range(15, 20), *range(32, 40))]
    assert [k for k in range(40) if math.isnan(got["cvd_5m"][k])] == [3, 20]
    assert got["flow_source_1h"] == [float(5 * k in known) for k in range(40)]


def test_nothing_traded_is_zero_flow_and_no_ratio():
    got = columns(FAMILY, facts([5, 10], market_bars=bars((0, 0.0, 0.0), (5, 0.0, 100.0))))

    assert got["cvd_5m"] == [0, -100]
    assert got["cvd_ratio_5m"] == pytest.approx([nan, -1], nan_ok=True)
    assert got["taker_log_ratio_5m"] == pytest.approx([nan, nan], nan_ok=True)


def test_a_window_shorter_than_the_bar_or_not_a_multiple_is_unknown():
    got = columns(FAMILY, facts([60, 120, 180, 240], timeframe="1h", market_bars=bars(
        *[(60 * k, 60.0, 100.0) for k in range(4)], step=60, timeframe="1h")))  # fmt: skip
    three = columns(FAMILY, facts([3, 6], timeframe="3m", market_bars=bars((0, 6.0, 10.0), (3, 6.0, 10.0), step=3)))

    assert np.isnan(got["cvd_5m"]).all()
    assert got["cvd_1h"] == [20, 20, 20, 20]
    assert got["cvd_4h"] == pytest.approx([nan, nan, nan, 80], nan_ok=True)
    assert np.isnan(three["cvd_5m"]).all()


def test_bars_of_other_frames_and_venues_are_not_ours():
    frame = pl.concat([bars((0, 60.0, 100.0), timeframe="1m"), bars((0, 60.0, 100.0), venue="bybit")])

    assert columns(FAMILY, facts([5], market_bars=frame))["flow_source_5m"] == [0]


def test_raw_trades_where_bars_say_nothing():
    # every minute 10 bought and 5 sold; one trade of 500 in the window (5, 10]
    rows = [(float(m), 1.0, *flow) for m in range(11) for flow in ((10.0, False), (5.0, True))]
    frame = trades(*rows, (7.5, 1.0, 500.0, False))
    got = columns(FAMILY, facts([4, 5, 10, 16, 60], trades=frame))

    assert got["cvd_5m"] == pytest.approx([nan, 25, 525, nan, nan], nan_ok=True)
    assert got["flow_source_5m"] == [0, 2, 2, 0, 0]
    assert got["trade_intensity_5m"] == pytest.approx([nan, 2, 2.2, nan, nan], nan_ok=True)
    # eleven trades of 575 together: mean 52.3, and the one of 500 is not ten times that
    assert got["large_trade_share_5m"] == pytest.approx([nan, 0, 0, nan, nan], nan_ok=True)


def test_large_trades_are_ten_times_the_mean_of_their_window():
    rows = [(0.25 * k, 1.0, 1.0, k % 2 == 0) for k in range(41)]
    got = columns(FAMILY, facts([10], trades=trades(*rows, (7.1, 1.0, 30.0, True))))

    # 20 trades of 1 and one of 30: mean 50 / 21 = 2.4, large from 24
    assert got["large_trade_share_5m"] == pytest.approx([0.6])


def test_a_trade_without_a_side_hides_the_sides_but_is_counted_nowhere_as_zero():
    rows = [(float(m), 1.0, 2.0, False) for m in range(11)]
    got = columns(FAMILY, facts([5, 10], trades=trades(*rows, (7.5, 1.0, 1.0, None))))

    assert got["cvd_5m"] == pytest.approx([10, nan], nan_ok=True)
    assert got["flow_source_5m"] == [2, 0]


def test_single_trades_stand_over_aggregates_of_the_same_flow():
    single = trades(*[(float(m), 1.0, 2.0, False) for m in range(11)])
    aggregate = trades(*[(float(m), 1.0, 2.0, False) for m in range(21)], kind="aggregate",
                       first_trade_id=1, last_trade_id=4)  # fmt: skip
    got = columns(FAMILY, facts([10, 20], trades=pl.concat([single, aggregate]).sort("available_at")))

    assert got["cvd_5m"] == [10, 10]
    assert got["trade_intensity_5m"] == [1, 4]


def test_flow_stated_beside_books_at_the_micro_price():
    rows = [book(m, [(99, 1)], [(101, 1)], buy_volume=3.0, sell_volume=1.0) for m in range(11)]
    got = columns(FAMILY, facts([10], orderbook_l2=books(*rows)))

    assert got["taker_buy_5m"] == pytest.approx([1500])
    assert got["cvd_5m"] == pytest.approx([1000])
    assert got["flow_source_5m"] == [3]
    assert math.isnan(got["trade_intensity_5m"][0])
    assert math.isnan(got["large_trade_share_5m"][0])


def test_a_book_by_hand():
    bids = [(99, 3), (98, 1), (97, 1), (96, 1), (95, 2), (94, 50)]
    asks = [(101, 1), (102, 1)]
    got = columns(FAMILY, facts([0, 30, 60, 65], orderbook_l2=books(book(0, bids, asks))))

    assert got["orderbook_imbalance"] == pytest.approx([0.6, 0.6, 0.6, nan], nan_ok=True)
    assert got["depth_ratio"] == pytest.approx([4, 4, 4, nan], nan_ok=True)
    assert got["spread_bp"] == pytest.approx([200, 200, 200, nan], nan_ok=True)
    # (99 * 1 + 101 * 3) / 4
    assert got["micro_price"] == pytest.approx([100.5, 100.5, 100.5, nan], nan_ok=True)
    assert got["micro_price_gap_bp"] == pytest.approx([50, 50, 50, nan], nan_ok=True)
    assert got["book_age"] == pytest.approx([0, 0.5, 1, nan], nan_ok=True)
    assert got["book_source"] == [1, 1, 1, 0]
    assert got["orderbook_missing_flag"] == [0, 0, 0, 1]


def test_drift_of_the_micro_price():
    rows = [book(m, [(99 + m, 1)], [(101 + m, 1)]) for m in (0, 3, 5, 8)]
    got = columns(FAMILY, facts([5, 8, 10, 12], orderbook_l2=books(*rows)))

    # 105 after 100; 108 after 103; 108 after 105; at 12 the newest row (8) against 103 at 7
    assert got["micro_price_drift_5m"] == pytest.approx([500, (108 / 103 - 1) * 1e4, (108 / 105 - 1) * 1e4,
                                                         (108 / 105 - 1) * 1e4])  # fmt: skip


def test_updates_are_replayed_onto_their_snapshot():
    rows = books(
        update(0.00, 8, 9, bids=[(98, 5)], prev_update_id=7),  # held by the snapshot
        update(0.01, 10, 12, bids=[(99, 2)], asks=[(101, 4)], prev_update_id=9),  # came early, holds later changes
        book(0.02, [(98, 1), (97, 1)], [(102, 1)], first_update_id=10, final_update_id=10),
        update(0.03, 13, 13, bids=[(99, 0)], prev_update_id=12),
        update(0.04, 14, 15, bids=[(97, 7)], asks=[(101, 0), (100, 2)], prev_update_id=13),
    )
    got = columns(FAMILY, facts([0.01, 0.02, 0.03, 0.04], orderbook_l2=rows))

    assert got["micro_price"] == pytest.approx(
        [nan, (99 * 4 + 101 * 2) / 6, (98 * 4 + 101 * 1) / 5, (98 * 2 + 100) / 3], nan_ok=True
    )
    assert got["depth_ratio"] == pytest.approx([nan, 4 / 5, 2 / 5, 8 / 3], nan_ok=True)
    assert got["book_source"] == [0, 1, 2, 2]


def test_a_broken_chain_closes_the_book_until_the_next_snapshot():
    rows = [
        book(0, [(98, 1)], [(102, 1)], final_update_id=10),
        update(60.5, 11, 12, bids=[(99, 1)]),  # past the life of its snapshot
        book(61, [(98, 1)], [(102, 1)], final_update_id=20),
        update(62, 21, 22, bids=[(99, 1)]),
        update(63, 24, 25, bids=[(100, 1)]),  # 23 is lost
        update(64, 26, 27, bids=[(101, 1)]),
        book(70, [(90, 1)], [(110, 1)], final_update_id=30),
    ]
    got = columns(FAMILY, facts([60, 61, 62, 64, 70], orderbook_l2=books(*rows)))

    assert got["spread_bp"] == pytest.approx([400, 400, (3 / 100.5) * 1e4, (3 / 100.5) * 1e4, 2000])
    assert got["book_age"] == pytest.approx([1, 0, 0, 2 / 60, 0])  # the last state before the loss, growing older


def test_a_book_lives_an_hour_from_its_snapshot():
    rows = [book(0, [(90, 1)], [(110, 1)], final_update_id=1)]
    rows += [update(m, m + 1, m + 1, bids=[(90 + m / 10, 1)]) for m in range(1, 100)]
    asked = facts([59, 60, 61, 99, 120, 121], orderbook_l2=books(*rows))
    got = columns(FAMILY, asked)

    assert got["micro_price"] == pytest.approx([(95.9 + 110) / 2, 103, 103, 103, 103, nan], nan_ok=True)
    assert got["book_age"] == pytest.approx([0, 0, 1 / 60, 39 / 60, 1, nan], nan_ok=True)
    assert unequal(FAMILY, asked) == []


def test_changes_that_came_before_two_snapshots_are_kept_through_both():
    rows = books(
        update(0.00, 5, 9, bids=[(99, 1)]),
        book(0.01, [(90, 1)], [(110, 1)], final_update_id=3),  # nothing reaches from 3 to 5: closed
        book(0.02, [(90, 1)], [(110, 1)], final_update_id=6),  # 5 to 9 goes on top
    )

    assert columns(FAMILY, facts([0.01, 0.02], orderbook_l2=rows))["spread_bp"] == pytest.approx(
        [nan, 11 / 104.5 * 1e4], nan_ok=True
    )


def test_a_bar_of_long_ago_is_not_the_newest():
    got = columns(FAMILY, facts([5, 9.9, 10, 60], market_bars=bars((0, 60.0, 100.0))))

    assert got["flow_source_5m"] == [1, 1, 0, 0]


def test_crossed_books_are_masked_and_counted():
    rows = [
        book(0, [(99, 1)], [(101, 1)]),
        book(1, [(101, 1)], [(100, 1)]),
        book(2, [(100, 1)], [(100, 1)]),
        book(3, [(99, 1)], [(101, 1)]),
    ]
    got = columns(FAMILY, facts([0, 1, 2, 3, 62, 64], orderbook_l2=books(*rows)))

    assert got["spread_bp"] == pytest.approx([200, nan, nan, 200, 200, nan], nan_ok=True)
    assert got["book_crossed_1h"] == pytest.approx([0, 1, 2, 2, 0, nan], nan_ok=True)
    assert got["orderbook_missing_flag"] == [0, 1, 1, 0, 0, 1]


def test_quotes_where_no_whole_book_is_fresh_or_it_is_crossed():
    rows = [
        book(0, [(99, 1)], [(101, 3)], "quote"),
        book(1, [(98, 1)], [(102, 1)]),
        book(2, [(102, 1)], [(101, 1)]),
        book(90, [(99.5, 1)], [(100.5, 1)], "quote"),
    ]
    got = columns(FAMILY, facts([0, 1, 2, 90], orderbook_l2=books(*rows)))

    assert got["spread_bp"] == pytest.approx([200, 400, 200, 100])
    assert got["book_source"] == [3, 1, 3, 3]
    assert got["orderbook_imbalance"] == pytest.approx([-0.5, 0, -0.5, 0])


def test_a_receiver_whose_clock_runs_behind():
    # the message says 10:00 by the exchange; the receiver's clock says 1.2 s earlier: known by the later of the two
    rows = books(
        book(5, [(99, 1)], [(101, 1)], "quote", received=4.98),
        book(6, [(99, 1)], [(101, 1)], "quote", known=6.01, received=6.01),
    )
    got = columns(FAMILY, facts([4.99, 5, 6, 6.01], orderbook_l2=rows))

    assert got["book_source"] == [0, 3, 3, 3]
    assert got["book_skew_s"] == pytest.approx([nan, -1.2, -1.2, 0.6], nan_ok=True)


def test_a_row_known_before_it_was_so_is_never_trusted():
    rows = books(book(5, [(99, 1)], [(101, 1)], "quote", known=4.98))

    assert columns(FAMILY, facts([4.99, 10], orderbook_l2=rows))["book_source"] == [0, 0]


def test_order_without_a_clock_is_no_time():
    rows = books(book(0, [(99, 1)], [(101, 1)], precision="none", buy_volume=1.0, sell_volume=1.0))

    assert columns(FAMILY, facts([5], orderbook_l2=rows))["orderbook_missing_flag"] == [1]


def test_a_late_snapshot_does_not_replace_a_younger_one():
    rows = books(book(5, [(99, 1)], [(101, 1)]), book(1, [(90, 1)], [(110, 1)], known=6))

    assert columns(FAMILY, facts([5, 6], orderbook_l2=rows))["spread_bp"] == pytest.approx([200, 200])


def test_levels_that_cannot_be_are_skipped():
    rows = books(book(0, [(nan, 1), (99, 1), (98, -1), (0, 5)], [(101, 1), (102, nan)]), book(1, [], [(101, 1)]))
    uneven = rows.with_columns(pl.col("ask_qty").list.head(1))
    got = columns(FAMILY, facts([0, 1], orderbook_l2=uneven))

    assert got["depth_ratio"] == pytest.approx([1, 1])
    assert got["book_age"] == pytest.approx([0, 1 / 60])


def test_unsorted_rows_are_refused():
    with pytest.raises(UnsortedData):
        computed(FAMILY, facts([10], trades=trades((1, 1.0, 1.0, True), (2, 1.0, 1.0, True)).reverse()))


def test_no_rows_at_all():
    _, mask = computed(FAMILY, facts([0, 5]))

    alive = [one.name for one, row in zip(FAMILY.declared, mask, strict=True) if row.any()]
    assert alive == ["flow_source_5m", "flow_source_1h", "flow_source_4h", "book_source", "orderbook_missing_flag"]


def lively(seed: int) -> SymbolFacts:
    """Half a day of bars, trades and a feed of books, each with stops, late rows and lost messages."""
    choose = drawn(seed)
    last = 12 * 60
    flow = [
        {"event": m, "known": m + 5 + choose.choice([0, 0, 0, 0.05, 7, 200]), "volume": 9.0, "quote_volume": 900.0,
         "trades": choose.choice([None, 7]), "taker_buy_volume": None,
         "taker_buy_quote_volume": choose.choice([None, *[900 * choose.random() for _ in range(60)]])}
        for m in range(0, last, 5) if choose.random() > 0.01
    ]  # fmt: skip
    prices = dict.fromkeys(("open", "high", "low", "close"), 100.0)
    minute, rows, wanted = 0.0, [], []
    ids = 1
    while minute < last:
        minute += choose.choice([0.2, 1.0, 1.0, 2.0]) if choose.random() > 0.002 else 90
        late = choose.choice([0, 0, 0, 0.1, 3.0])
        rows.append((minute, 100 + choose.random(), 10 * choose.random() ** 4, choose.choice([True, False])))
        bid = 100 + choose.randrange(-5, 3)
        levels = (
            [(bid - k, choose.randrange(0, 5)) for k in range(4)],
            [(101 + k, choose.randrange(0, 5)) for k in range(4)],
        )
        draw = choose.random()
        lost = choose.random() < 0.01
        if draw < 0.03:
            wanted.append(book(minute, *levels, final_update_id=ids + choose.choice([-2, 0, 0]), known=minute + late))
        elif draw < 0.2:
            wanted.append(book(minute, *levels, "quote", known=minute + late))
        else:
            told = {
                "buy_volume": choose.choice([None, 2.0]),
                "sell_volume": 1.0,
                "known": minute + late * (draw < 0.25),
            }
            wanted.append(update(minute, ids + 1 + lost, ids + 3, *[side[:2] for side in levels], **told))
            ids += 3
    asked = sorted({choose.randrange(0, 30 * last) / 20 for _ in range(15)})
    return facts(
        asked,
        market_bars=table("market_bars", flow, timeframe="5m", **prices),
        trades=trades(*rows),
        orderbook_l2=books(*wanted),
    )


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_a_live_feed_of_the_memory_has_the_bits_of_the_batch(seed):
    assert unequal(FAMILY, lively(seed)) == []


@given(st.integers(0, 10_000), st.integers(0, 12 * 60))
@settings(max_examples=10, deadline=None)
def test_nothing_known_later_changes_a_value(seed, cut):
    whole = lively(seed)
    until = {
        name: frame.filter(pl.col("available_at").dt.timestamp("us") <= us(cut)) for name, frame in whole.tables.items()
    }
    past = whole.now <= us(cut)
    less = SymbolFacts(whole.symbol, whole.timeframe, whole.now[past], whole.bars[:, past], until, whole.venue)

    np.testing.assert_array_equal(computed(FAMILY, whole)[0][:, past], computed(FAMILY, less)[0])


def test_the_lively_market_shows_every_source_and_state():
    seen = [columns(FAMILY, lively(seed)) for seed in range(12)]

    assert {code for got in seen for code in got["flow_source_5m"]} >= {0, 1, 2}
    assert {code for got in seen for code in got["book_source"]} == {0, 1, 2, 3}
    assert any(count > 0 for got in seen for count in got["book_crossed_1h"])


def test_a_simulated_market():
    tables = simulate(SimulatedMarket())
    symbol = tables["market_bars"]["symbol"][0]
    own = {
        name: tables[name].filter(pl.col("symbol") == symbol).sort("available_at", "event_time")
        for name in ("market_bars", "orderbook_l2")
    }
    shown = own["market_bars"].tail(2000)
    now = shown["available_at"].dt.timestamp("us").to_numpy().copy()
    timeframe = Timeframe.parse(shown["timeframe"][0])
    given_facts = SymbolFacts(symbol, timeframe, now, np.full((7, len(now)), nan), own, shown["venue"][0])

    got = columns(FAMILY, given_facts)

    bought, all_of_it = shown["taker_buy_quote_volume"], shown["quote_volume"]
    assert timeframe == Timeframe.parse("5m")
    np.testing.assert_allclose(got["cvd_5m"], 2 * bought - all_of_it, atol=1e-6)
    np.testing.assert_allclose(got["cvd_1h"][11:], (2 * bought - all_of_it).rolling_sum(12)[11:], rtol=1e-6, atol=1e-3)
    assert set(got["flow_source_1h"]) == {1}
    assert 0 < np.nanmin(got["spread_bp"]) <= np.nanmax(got["spread_bp"]) < 500
    assert unequal(FAMILY, given_facts, range(0, 2000, 331)) == []


@pytest.fixture(scope="module")
def depth(shared_data):
    """The real feed of 2024-08-08, one row a message, as the lake holds it."""
    folder = shared_data / "l2"
    raw = pl.read_parquet(next(iter(sorted(folder.glob("BTCUSDT_perp*depth*")))))
    ours = {"first_update_id", "final_update_id", "prev_update_id"}
    sides = [
        pl.col(old).filter(pl.col("side") == letter).alias(f"{side}_{new}")
        for letter, side in (("b", "bid"), ("a", "ask"))
        for old, new in (("price", "price"), ("qty", "qty"))
    ]
    messages = raw.group_by("msg", maintain_order=True).agg(
        pl.col("type").first().alias("kind"), pl.col("ts_event", "ts_local", *sorted(ours)).first(), *sides
    )
    clocks = {name: pl.col(name).cast(pl.Datetime("us", "UTC")) for name in ("ts_event", "ts_local")}
    return messages.with_columns(
        clocks["ts_event"].alias("event_time"),
        clocks["ts_local"].alias("received_at"),
        pl.max_horizontal(clocks["ts_event"], clocks["ts_local"]).alias("available_at"),
        pl.lit("BTCUSDT").alias("symbol"), pl.lit(VENUE).alias("venue"), pl.lit(None, pl.String).alias("precision"),
        pl.lit(None, pl.Float64).alias("buy_volume"), pl.lit(None, pl.Float64).alias("sell_volume"),
    ).sort("available_at", "event_time", "kind", "msg")  # fmt: skip


def test_the_replayed_book_equals_a_slow_one_on_a_real_feed(depth):
    start = int(depth["available_at"].dt.timestamp("us")[0])
    now = start + 2 * SECOND_US + np.arange(600) * (SECOND_US // 2)
    given_facts = SymbolFacts(
        "BTCUSDT", Timeframe(SECOND_US), now, np.full((7, len(now)), nan), {"orderbook_l2": depth}, VENUE
    )

    got = columns(FAMILY, given_facts)

    assert set(got["book_source"]) == {2}
    assert set(got["book_crossed_1h"]) == {0}
    assert -1.3 < min(got["book_skew_s"]) <= max(got["book_skew_s"]) < -1.1  # the receiver's clock ran behind
    # dearest bid and cheapest ask by a slow reference: all levels in a dictionary
    best = slow_best(depth, now[::60])
    shown = list(zip(got["spread_bp"][::60], got["micro_price"][::60], strict=True))
    for (bid, ask), (spread, micro) in zip(best, shown, strict=True):
        assert spread == pytest.approx((ask - bid) / (ask + bid) * 2e4, rel=1e-9)
        assert bid <= micro <= ask
    assert unequal(FAMILY, given_facts, range(0, 600, 199)) == []


def slow_best(depth: pl.DataFrame, now) -> list[tuple[float, float]]:
    """Best bid and ask at each instant, every message applied in the order of its id to plain dictionaries."""
    rows = depth.sort("final_update_id").to_dicts()
    snapshot = next(row for row in rows if row["kind"] == "snapshot")
    found = []
    for instant in now:
        sides = [dict(zip(snapshot[f"{s}_price"], snapshot[f"{s}_qty"], strict=True)) for s in ("bid", "ask")]
        for row in (one for one in rows if one["kind"] == "update"):
            known = row["available_at"].timestamp() * 1e6 <= instant + 0.5
            if known and row["final_update_id"] > snapshot["final_update_id"]:
                for side, name in zip(sides, ("bid", "ask"), strict=True):
                    side.update(zip(row[f"{name}_price"], row[f"{name}_qty"], strict=True))
        bids, asks = ([price for price, size in side.items() if size > 0] for side in sides)
        found.append((max(bids), min(asks)))
    return found


def test_real_bars_with_taker_flow(shared_data):
    raw = pl.read_parquet(shared_data / "bars" / "BTCUSDT_5m.parquet").sort("ts").filter(pl.col("ts").dt.year() >= 2025)
    opened = raw["ts"].cast(pl.Datetime("us", "UTC"))
    frame = raw.drop("ts", "src").with_columns(
        opened.alias("event_time"), (opened + pl.duration(minutes=5)).alias("available_at"),
        pl.lit("BTCUSDT").alias("symbol"), pl.lit(VENUE).alias("venue"), pl.lit("5m").alias("timeframe"),
    )  # fmt: skip
    now = frame["available_at"].dt.timestamp("us").to_numpy().copy()
    given_facts = SymbolFacts(
        "BTCUSDT", Timeframe.parse("5m"), now, np.full((7, len(now)), nan), {"market_bars": frame}, VENUE
    )

    got = columns(FAMILY, given_facts)

    bought, turnover = pl.col("taker_buy_quote_volume"), pl.col("quote_volume")
    peer = frame.select(
        cvd=(2 * bought - turnover).rolling_sum(12),
        ratio=(2 * bought - turnover).rolling_sum(48) / turnover.rolling_sum(48),
        log=(bought / (turnover - bought)).log(),
        pace=pl.col("trades").rolling_mean(12) / 5,
        still=turnover == 0,
    )
    moved = ~peer["still"].to_numpy()
    assert len(now) == 78_624
    np.testing.assert_allclose(got["cvd_1h"][11:], peer["cvd"][11:], rtol=1e-6, atol=1.0)
    np.testing.assert_allclose(got["cvd_ratio_4h"][47:], peer["ratio"][47:], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(
        np.array(got["taker_log_ratio_5m"])[moved], peer["log"].to_numpy()[moved], rtol=1e-9, atol=1e-12
    )
    np.testing.assert_allclose(got["trade_intensity_1h"][11:], peer["pace"][11:], rtol=1e-9)
    assert np.isnan(np.array(got["cvd_ratio_5m"])[~moved]).all()
    assert unequal(FAMILY, given_facts, range(0, len(now), 9973)) == []


def test_memory_covers_the_longest_window_and_the_life_of_a_book():
    assert FAMILY.memory_us == (4 * 60 + 5 + 60 + 60) * MINUTE_US + 10 * SECOND_US
    assert FAMILY.memory_bars == 0
    assert len(BOOK) == 12
