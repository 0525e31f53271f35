"""Net flow by hand, its real delay of publication, which metric was taken, live bits equal batch bits."""

import math

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import nan

from alphaloop.core.time import DAY_US, HOUR_US, Timeframe
from alphaloop.features.facts import SourceFamily, SymbolFacts
from alphaloop.features.sources.onchain import Onchain, OnchainConfig
from tests.features.sources.rows import columns, computed, drawn, facts, table, unequal

FAMILY = Onchain()
DAY = 24 * 60


def signals(*rows: tuple[float, float, str, float], symbol: str = "BTC") -> pl.DataFrame:
    """Rows of (day described, day known, metric, value)."""
    named = [{"event": e * DAY, "known": k * DAY, "metric": metric, "value": value} for e, k, metric, value in rows]
    return table("onchain_signals", named, symbol=symbol)


def on(days, frame: pl.DataFrame, family: Onchain = FAMILY) -> dict[str, list[float]]:
    """Features at days after the start."""
    return columns(family, facts([day * DAY for day in days], onchain_signals=frame))


def test_it_is_a_source_family():
    assert isinstance(FAMILY, SourceFamily)
    assert [one.name for one in FAMILY.declared] == [
        "onchain_norm",
        "onchain_flow",
        "onchain_change",
        "onchain_z_30d",
        "onchain_age",
        "onchain_lag",
        "onchain_source",
        "onchain_missing_flag",
    ]
    assert FAMILY.memory_us == 65 * DAY_US


def test_known_only_when_published():
    got = on([1, 1.5, 2, 2.5, 3.5], signals((0, 1.5, "netflow", 5e5), (1, 2.5, "netflow", -2e6)))

    assert got["onchain_flow"] == pytest.approx([nan, 5e5, 5e5, -2e6, -2e6], nan_ok=True)
    assert got["onchain_norm"] == pytest.approx(
        [nan, math.tanh(0.5), math.tanh(0.5)] + 2 * [math.tanh(-2)], nan_ok=True
    )
    assert got["onchain_change"] == pytest.approx([nan, nan, nan, -2.5e6, -2.5e6], nan_ok=True)
    assert got["onchain_age"] == pytest.approx([nan, 0, 12, 0, 24], nan_ok=True)
    assert got["onchain_lag"] == pytest.approx([nan, 36, 36, 36, 36], nan_ok=True)
    assert got["onchain_source"] == [0, 2, 2, 2, 2]
    assert got["onchain_missing_flag"] == [1, 0, 0, 0, 0]


def test_the_best_fresh_metric_is_taken():
    frame = signals((0, 1, "net_inflow", 1.0), (5, 6, "exchange_netflow", 3.0), (9, 10, "net_inflow", 4.0))
    got = on([1, 7, 8.1, 10], frame)

    # net_inflow of day 0 is known until day 8, seven days after it was published
    assert got["onchain_flow"] == [1, 1, 3, 4]
    assert got["onchain_source"] == [1, 1, 3, 1]
    assert got["onchain_age"] == pytest.approx([0, 144, 2.1 * 24, 0])


def test_inflow_less_outflow_known_when_both_are():
    frame = signals(
        (0, 1, "FlowInExUSD", 7e6),
        (0, 1.5, "FlowOutExUSD", 4e6),
        (1, 3, "FlowInExUSD", 1e6),
        (1, 2, "FlowOutExUSD", 2e6),
    )
    got = on([1, 1.5, 2, 3], frame)

    assert got["onchain_flow"] == pytest.approx([nan, 3e6, 3e6, -1e6], nan_ok=True)
    assert got["onchain_source"] == [0, 4, 4, 4]
    assert got["onchain_lag"] == pytest.approx([nan, 36, 36, 48], nan_ok=True)


def test_halves_published_weeks_apart_are_not_one_figure():
    frame = signals((0, 1, "FlowInExUSD", 7e6), (0, 9, "FlowOutExUSD", 4e6))

    assert on([9, 10], frame)["onchain_missing_flag"] == [1, 1]


def test_the_metric_and_the_scale_are_configuration():
    family = Onchain(OnchainConfig(metrics=("SplyExNtv",), pairs=(), scale=10.0))
    got = on([1], signals((0, 1, "SplyExNtv", 5.0), (0, 1, "netflow", 9.0)), family)

    assert got["onchain_norm"] == pytest.approx([math.tanh(0.5)])


def test_score_of_the_trailing_month_by_the_day_described():
    # a back-fill: forty days become known at once; the window counts days described, not days known
    flows = [float(k % 7) for k in range(40)]
    frame = signals(*[(k, 40.0, "netflow", value) for k, value in enumerate(flows)])
    got = on([40], frame)["onchain_z_30d"]

    window = flows[10:40]
    mean = sum(window) / 30
    deviation = math.sqrt(sum((value - mean) ** 2 for value in window) / 29)
    assert got == pytest.approx([(flows[-1] - mean) / deviation])


def test_score_of_a_very_late_day_reaches_no_further_than_memory():
    # day 30 is published on day 50: of the days before it, those published after day 50 - 44 are remembered
    rows = [(k, k + 1, "netflow", float(k * k % 11)) for k in range(30)] + [(30, 50.0, "netflow", 5.0)]
    asked = facts([50 * DAY], onchain_signals=signals(*rows))

    window = [float(k * k % 11) for k in range(6, 30)] + [5.0]
    expected = (5.0 - np.mean(window)) / np.std(window, ddof=1)
    assert columns(FAMILY, asked)["onchain_z_30d"] == pytest.approx([expected])
    assert unequal(FAMILY, asked) == []


def test_no_score_of_too_few_or_of_equal_flows():
    assert on([10], signals(*[(k, k + 1, "netflow", float(k)) for k in range(9)]))["onchain_z_30d"][0] != 0.0
    assert math.isnan(on([10], signals(*[(k, k + 1, "netflow", float(k)) for k in range(9)]))["onchain_z_30d"][0])
    assert math.isnan(on([20], signals(*[(k, k + 1, "netflow", 0.1) for k in range(19)]))["onchain_z_30d"][0])


def test_a_source_that_stops_for_a_week():
    got = on([1, 5, 8, 8.01, 15, 31, 31.01], signals((0, 1, "netflow", 1e6)))

    assert got["onchain_missing_flag"] == [0, 0, 0, 1, 1, 1, 1]
    assert got["onchain_age"] == pytest.approx([0, 96, 168, 168.24, 336, 720, nan], nan_ok=True)


def test_late_days_that_arrive_after_younger_ones_do_not_speak():
    got = on([3, 7], signals((2, 3, "netflow", 2.0), (1, 6, "netflow", 1.0)))

    assert got["onchain_flow"] == [2, 2]


def test_coins_of_others_and_no_rows_at_all():
    assert on([2], signals((0, 1, "netflow", 1.0), symbol="ETH"))["onchain_missing_flag"] == [1]
    _, mask = computed(FAMILY, facts([0, 5]))
    assert [one.name for one, row in zip(FAMILY.declared, mask, strict=True) if row.any()] == [
        "onchain_source",
        "onchain_missing_flag",
    ]


def published(seed: int) -> SymbolFacts:
    """A hundred days with honest delays, late ones, stops, and three tellings of the flow."""
    choose = drawn(seed)
    rows: list[tuple[float, float, str, float]] = []
    for day in range(100):
        if choose.random() < 0.05:
            continue
        for metric in ("netflow", "FlowInExUSD", "FlowOutExUSD", "exchange_netflow"):
            if choose.random() < 0.8:
                lag = choose.choice([1.1, 1.1, 1.2, 6.0, 13.0, 20.0])
                rows.append((day, day + lag, metric, choose.gauss(0, 1e6)))
    asked = sorted({choose.randrange(0, 120 * DAY) for _ in range(12)})
    return facts(asked, onchain_signals=signals(*rows))


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_a_live_feed_of_the_memory_has_the_bits_of_the_batch(seed):
    assert unequal(FAMILY, published(seed)) == []


def test_real_flows_with_their_real_delay(shared_data):
    raw = pl.read_parquet(shared_data / "onchain" / "BTC_1d.parquet").filter(pl.col("FlowInExUSD").is_not_null())
    known = raw["eod_completed_at"].cast(pl.Datetime("us", "UTC"))
    day = raw["ts"].cast(pl.Datetime("us", "UTC"))
    frame = pl.concat(
        pl.DataFrame({"event_time": day, "available_at": known, "value": raw[name]}).with_columns(
            pl.lit(name).alias("metric"), pl.lit("BTC").alias("symbol")
        )
        for name in ("FlowInExUSD", "FlowOutExUSD")
    ).sort("available_at", "event_time", "symbol", "metric")
    start = 1_722_470_400_000_000  # 2024-08-01
    now = start + np.arange(60 * 24) * HOUR_US
    given_facts = SymbolFacts(
        "BTCUSDT", Timeframe.parse("1h"), now, np.full((7, len(now)), nan), {"onchain_signals": frame}
    )

    got = columns(FAMILY, given_facts)

    flows = pl.DataFrame({"known": known, "day": day, "flow": raw["FlowInExUSD"] - raw["FlowOutExUSD"]})
    con = duckdb.connect()
    con.register(
        "asked", pl.DataFrame({"now": pl.Series(now).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")}).to_arrow()
    )
    # what arrives after a younger day is late news of the past: the DuckDB side keeps the same rule in SQL
    con.register("flows", flows.sort("known", "day").filter(pl.col("day").cum_max() == pl.col("day")).to_arrow())
    sql = "select flow, epoch(now - known) / 3600 from asked asof join flows on asked.now >= flows.known order by now"
    expected = np.array(con.execute(sql).fetchall())
    assert len(expected) == len(now)
    fresh = expected[:, 1] <= 168
    np.testing.assert_allclose(np.array(got["onchain_flow"])[fresh], expected[fresh, 0], rtol=1e-12)
    np.testing.assert_allclose(got["onchain_age"], expected[:, 1], atol=1e-6)
    assert max(got["onchain_age"]) > 72  # mid-August 2024 was days late
    assert 26 < min(got["onchain_lag"]) < 27
    assert fresh.mean() > 0.95
    assert unequal(FAMILY, given_facts, range(0, len(now), 97)) == []
