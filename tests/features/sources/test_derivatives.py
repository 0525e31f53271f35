"""Funding, interest and ratios by hand; as-of against DuckDB; live bits equal batch bits; real settlements."""

import math

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import nan

from alphaloop.core.errors import UnsortedData
from alphaloop.core.time import DAY_US, HOUR_US, Timeframe
from alphaloop.features.facts import SourceFamily, SymbolFacts
from alphaloop.features.sources.derivatives import METRICS, Derivatives
from tests.features.sources.rows import VENUE, columns, computed, drawn, facts, table, unequal, us

FAMILY = Derivatives()
HOUR, DAY = 60, 24 * 60


def funding(*rows: tuple[float, float], hours: float = 8.0, **constants: object) -> pl.DataFrame:
    """Settlements of (minute, rate)."""
    named = [{"event": minute, "rate": rate, "interval_hours": hours} for minute, rate in rows]
    return table("funding_rates", named, **constants)


def test_it_is_a_source_family_with_distinct_names():
    names = [one.name for one in FAMILY.declared]

    assert isinstance(FAMILY, SourceFamily)
    assert len(set(names)) == len(names) == 27
    assert {one.modality for one in FAMILY.declared} == {"derivatives"}


def test_funding_level_change_age_and_schedule():
    rates = funding((0, 1e-4), (480, 3e-4))
    got = columns(FAMILY, facts([0, 240, 480, 600], funding_rates=rates))

    assert got["funding_rate"] == [1e-4, 1e-4, 3e-4, 3e-4]
    assert got["funding_change"] == pytest.approx([nan, nan, 2e-4, 2e-4], nan_ok=True)
    assert got["funding_age"] == [0, 4, 0, 2]
    assert got["funding_time_to_next"] == [8, 4, 8, 6]
    assert got["funding_missing_flag"] == [0, 0, 0, 0]


def test_rates_of_other_intervals_are_scaled_to_eight_hours():
    rates = table(
        "funding_rates",
        [
            {"event": 0, "rate": 8e-4, "interval_hours": 8.0},
            {"event": 480, "rate": 1e-4, "interval_hours": 1.0},
        ],
    )
    got = columns(FAMILY, facts([0, 480, 495], funding_rates=rates))

    assert got["funding_rate"] == [8e-4, 1e-4, 1e-4]
    assert got["funding_rate_8h"] == pytest.approx([8e-4, 8e-4, 8e-4])
    assert got["funding_change"][1] == pytest.approx(0, abs=1e-18)
    assert got["funding_time_to_next"] == [8, 1, 0.75]


def test_milliseconds_after_the_hour_do_not_move_the_schedule():
    got = columns(FAMILY, facts([0, 60, 480], funding_rates=funding((0.0005, 1e-4))))

    assert got["funding_time_to_next"] == pytest.approx([nan, 7, 8], nan_ok=True)


def test_percentile_of_the_trailing_month():
    # ranks 1..10, then a 5: of 11 values four lie below, two are equal, itself one: (4 + 2 / 2) / 11
    rates = funding(*[(480 * k, float(k + 1)) for k in range(10)], (4800, 5.0))
    got = columns(FAMILY, facts([480 * 8, 480 * 9, 4800], funding_rates=rates))["funding_percentile_30d"]

    assert got == pytest.approx([nan, 9.5 / 10, 5 / 11], nan_ok=True)


def test_percentile_forgets_what_is_older_than_the_month():
    rates = funding(*[(480 * k, 9.0) for k in range(20)], *[(50 * DAY + 480 * k, float(k)) for k in range(10)])
    got = columns(FAMILY, facts([50 * DAY + 480 * 9], funding_rates=rates))["funding_percentile_30d"]

    assert got == pytest.approx([9.5 / 10])


def test_a_symbol_with_no_funding_at_all():
    values, mask = computed(FAMILY, facts([0, 5, 10]))
    known = {one.name for one, row in zip(FAMILY.declared, mask, strict=True) if row.any()}
    flags = dict(zip([one.name for one in FAMILY.declared], values[:, 0], strict=True))

    assert known == {"funding_missing_flag", "perp_basis_source"}
    assert flags["funding_missing_flag"] == 1
    assert flags["perp_basis_source"] == 0


def test_rows_of_others_are_not_ours():
    rates = pl.concat([funding((0, 1.0), symbol="ETHUSDT"), funding((0, 2.0), venue="bybit")])

    assert all(math.isnan(value) for value in columns(FAMILY, facts([5], funding_rates=rates))["funding_rate"])


def test_spot_reads_the_perpetual_of_its_venue():
    got = columns(FAMILY, facts([5], venue="binance-spot", funding_rates=funding((0, 1e-4))))

    assert got["funding_rate"] == [1e-4]


def test_a_source_that_stops_for_a_week():
    hours = [0, 23, 24, 25, 7 * 24, 8 * 24, 8 * 24 + 1]
    got = columns(FAMILY, facts([60 * hour for hour in hours], funding_rates=funding((0, 1e-4))))

    assert got["funding_rate"] == pytest.approx([1e-4, 1e-4, 1e-4, nan, nan, nan, nan], nan_ok=True)
    assert got["funding_missing_flag"] == [0, 0, 0, 1, 1, 1, 1]
    assert got["funding_age"] == pytest.approx([0, 23, 24, 25, 168, 192, nan], nan_ok=True)


def test_a_row_counts_from_when_it_became_known():
    rates = table("funding_rates", [{"event": 0, "known": 90, "rate": 1e-4, "interval_hours": 8.0}])
    got = columns(FAMILY, facts([60, 85, 90, 120], funding_rates=rates))

    assert got["funding_rate"] == pytest.approx([nan, nan, 1e-4, 1e-4], nan_ok=True)
    assert got["funding_age"] == pytest.approx([nan, nan, 0, 0.5], nan_ok=True)


def test_a_late_correction_of_the_past_does_not_replace_the_present():
    rates = table(
        "funding_rates",
        [
            {"event": 480, "rate": 2e-4, "interval_hours": 8.0},
            {"event": 0, "known": 500, "rate": 1e-4, "interval_hours": 8.0},
        ],
    )

    assert columns(FAMILY, facts([490, 510], funding_rates=rates))["funding_rate"] == [2e-4, 2e-4]


def test_after_a_day_of_silence_even_an_earlier_settlement_is_news():
    rates = table(
        "funding_rates",
        [
            {"event": 480, "rate": 2e-4, "interval_hours": 8.0},
            {"event": 0, "known": 480 + DAY + 1, "rate": 1e-4, "interval_hours": 8.0},
        ],
    )
    got = columns(FAMILY, facts([480 + DAY, 480 + DAY + 1], funding_rates=rates))["funding_rate"]

    assert got == [2e-4, 1e-4]


def test_known_before_it_was_so_is_never_trusted():
    rates = table("funding_rates", [{"event": 480, "known": 0, "rate": 1e-4, "interval_hours": 8.0}])

    assert columns(FAMILY, facts([60, 480, 600], funding_rates=rates))["funding_missing_flag"] == [1, 1, 1]


def test_unsorted_rows_are_refused():
    rates = funding((0, 1.0), (480, 2.0)).reverse()

    with pytest.raises(UnsortedData):
        computed(FAMILY, facts([600], funding_rates=rates))


def interest(*rows: tuple[float, float | None, float | None]) -> pl.DataFrame:
    """Open interest of (minute, base, usd)."""
    return table("open_interest", [{"event": minute, "oi_base": base, "oi_usd": usd} for minute, base, usd in rows])


def test_open_interest_level_and_growth():
    rows = interest((0, 100.0, 1e6), (60, 110.0, 2e6), (240, 121.0, None), (300, None, 3e6))
    got = columns(FAMILY, facts([0, 60, 240, 300, 360], open_interest=rows))

    assert got["oi_base"] == pytest.approx([100, 110, 121, nan, nan], nan_ok=True)
    assert got["oi_usd"] == pytest.approx([1e6, 2e6, nan, 3e6, 3e6], nan_ok=True)
    # in base units where both rows state them; at minute 300 only USD reaches back, to the row of minute 60
    assert got["oi_delta_4h"] == pytest.approx([nan, nan, 0.21, 0.5, 0.5], nan_ok=True)
    # an hour before minute 240 nothing younger than two hours was told; before minute 300 it was 240, in base only
    assert got["oi_delta_1h"] == pytest.approx([nan, 0.1, nan, nan, nan], nan_ok=True)
    assert got["oi_age"] == [0, 0, 0, 0, 1]


def test_ratios_and_basis_by_their_names():
    rows = [
        {"event": 5 * k, "known": 5 * k + 1, "metric": name, "value": 1.0 + k + 0.01 * place}
        for k in range(3)
        for place, name in enumerate(METRICS)
        if not (name == "basis_rate" and k > 0)
    ]
    got = columns(FAMILY, facts([0, 5, 10, 15], derivatives=table("derivatives", rows)))

    assert got["long_short_ratio_global_accounts"] == pytest.approx([nan, 1.0, 2.0, 3.0], nan_ok=True)
    assert got["long_short_ratio_top_accounts"] == pytest.approx([nan, 1.01, 2.01, 3.01], nan_ok=True)
    assert got["long_short_ratio_top_positions"] == pytest.approx([nan, 1.02, 2.02, 3.02], nan_ok=True)
    assert got["taker_buy_sell_ratio"] == pytest.approx([nan, 1.03, 2.03, 3.03], nan_ok=True)
    assert got["basis_rate"] == pytest.approx([nan, 1.04, 1.04, 1.04], nan_ok=True)
    assert got["annualized_basis_rate"] == pytest.approx([nan, 1.05, 2.05, 3.05], nan_ok=True)
    assert got["basis_rate_age"] == pytest.approx([nan, 4 / 60, 9 / 60, 14 / 60], nan_ok=True)


def candle(event: float, close: float, known: float | None = None, **more: object) -> dict[str, object]:
    prices = dict.fromkeys(("open", "high", "low", "close"), close)
    return {"event": event, "known": event + 5 if known is None else known, "timeframe": "5m", **prices, **more}


def test_basis_against_the_index_else_spot_at_the_same_instant():
    index = table("prices", [candle(0, 100.0, kind="index"), candle(10, 110.0, kind="mark")])
    spot = table("market_bars", [candle(0, 50.0, volume=1.0), candle(5, 101.0, volume=1.0)], venue="binance-spot")
    got = columns(FAMILY, facts([5, 10, 15], [101.0, 100.0, 100.0], prices=index, market_bars=spot))

    assert got["perp_basis"] == pytest.approx([0.01, 100 / 101 - 1, nan], nan_ok=True)
    assert got["perp_basis_source"] == [1, 2, 0]


def test_an_index_candle_that_comes_late_is_not_used():
    rows = [candle(0, 100.0, known=5.5, kind="index"), candle(4, 90.0, kind="index", timeframe="1m", known=5)]
    got = columns(FAMILY, facts([5, 10], [99.0, 99.0], prices=table("prices", rows)))

    assert got["perp_basis"] == pytest.approx([0.1, nan], nan_ok=True)


def as_of_duckdb(rates: pl.DataFrame, now: np.ndarray) -> list[float | None]:
    """The last rate known at each instant, by DuckDB."""
    asked = pl.DataFrame({"now": now})
    known = rates.select(pl.col("available_at").dt.timestamp("us").alias("known"), "rate")
    con = duckdb.connect()
    con.register("asked", asked.to_arrow())
    con.register("known", known.to_arrow())
    sql = "select rate from asked asof left join known on asked.now >= known.known order by asked.now"
    return [row[0] for row in con.execute(sql).fetchall()]


def test_equal_to_duckdb_asof_join():
    choose = drawn(3)
    minutes = sorted(choose.sample(range(20_000), 300))
    rates = table(
        "funding_rates",
        [
            {"event": minute, "known": minute + choose.random(), "rate": choose.random(), "interval_hours": 8.0}
            for minute in minutes
        ],
    )
    asked = facts([5 * k for k in range(1, 4000)], funding_rates=rates)

    got = columns(FAMILY, asked)["funding_rate"]

    expected = [nan if rate is None else rate for rate in as_of_duckdb(rates, asked.now)]
    assert sum(math.isnan(rate) for rate in got) < 100
    np.testing.assert_array_equal(got, expected)


def tables_of(seed: int) -> SymbolFacts:
    """Sixty days with late rows, stops, unknown units and venues that are not ours."""
    choose = drawn(seed)
    last = 60 * DAY
    rates, contracts, figures, minute = [], [], [], 0.0
    while minute < last:
        minute += choose.choice([60, 480, 480, 480, 5 * DAY if choose.random() < 0.05 else 240])
        late = choose.choice([0, 0, 0.3, 700, 3000])
        hours = choose.choice([1.0, 8.0])
        where = choose.choice([VENUE, VENUE, VENUE, "bybit"])
        rates.append({"event": minute, "known": minute + late, "rate": choose.gauss(0, 1e-4),
                      "interval_hours": hours, "venue": where})  # fmt: skip
        base = choose.choice([None, 100 + choose.random()])
        contracts.append(
            {"event": minute, "known": minute + late, "oi_base": base, "oi_usd": choose.choice([None, 5.0, 6.0])}
        )
        figures.append(
            {"event": minute, "known": minute + late, "metric": choose.choice(METRICS), "value": choose.random()}
        )
    asked = sorted({5 * choose.randrange(0, (last + 3 * DAY) // 5) for _ in range(12)})
    return facts(
        asked,
        funding_rates=table("funding_rates", rates),
        open_interest=table("open_interest", contracts),
        derivatives=table("derivatives", figures),
    )


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_a_live_feed_of_the_memory_has_the_bits_of_the_batch(seed):
    assert unequal(FAMILY, tables_of(seed)) == []


@given(st.integers(0, 10_000), st.integers(0, 60 * DAY))
@settings(max_examples=10, deadline=None)
def test_nothing_known_later_changes_a_value(seed, cut):
    whole = tables_of(seed)
    until = {
        name: frame.filter(pl.col("available_at").dt.timestamp("us") <= us(cut)) for name, frame in whole.tables.items()
    }
    past = whole.now <= us(cut)
    less = SymbolFacts(whole.symbol, whole.timeframe, whole.now[past], whole.bars[:, past], until, whole.venue)

    np.testing.assert_array_equal(computed(FAMILY, whole)[0][:, past], computed(FAMILY, less)[0])


def test_real_settlements(shared_data):
    published = pl.read_parquet(shared_data / "funding" / "BTCUSDT.parquet").sort("ts")
    published = published.filter(pl.col("ts").dt.year() == 2025).unique("ts", keep="first", maintain_order=True)
    times = published["ts"].cast(pl.Datetime("us", "UTC"))
    rates = pl.DataFrame({"event_time": times, "available_at": times, "rate": published["rate"]}).with_columns(
        pl.lit("BTCUSDT").alias("symbol"), pl.lit(VENUE).alias("venue"), pl.lit(8.0).alias("interval_hours")
    )
    first, last = int(times.dt.timestamp("us")[0]), int(times.dt.timestamp("us")[-1])
    now = np.arange(first - first % HOUR_US + HOUR_US, last, 5 * 60_000_000)
    given_facts = SymbolFacts(
        "BTCUSDT", Timeframe.parse("5m"), now, np.full((7, len(now)), nan), {"funding_rates": rates}, VENUE
    )

    got = columns(FAMILY, given_facts)

    asked = pl.DataFrame({"now": pl.Series(now).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")})
    peer = rates.with_columns(pl.col("rate").diff().alias("change"))
    joined = asked.join_asof(peer, left_on="now", right_on="available_at", strategy="backward")
    np.testing.assert_array_equal(got["funding_rate"], joined["rate"])
    np.testing.assert_allclose(got["funding_change"], joined["change"].fill_null(nan), atol=1e-18)
    age = (joined["now"] - joined["event_time"]).dt.total_microseconds() / HOUR_US
    np.testing.assert_allclose(got["funding_age"], age, rtol=1e-12)
    assert len(now) > 70_000
    assert unequal(FAMILY, given_facts, range(0, len(now), len(now) // 12)) == []
    for i in (20_000, 50_000):
        window = rates.filter(
            (pl.col("available_at").dt.timestamp("us") <= now[i])
            & (pl.col("event_time") > joined["event_time"][i] - pl.duration(days=30))
        )["rate"]
        below, equal = (window < got["funding_rate"][i]).sum(), (window == got["funding_rate"][i]).sum()
        assert got["funding_percentile_30d"][i] == pytest.approx((below + equal / 2) / len(window))
        assert len(window) in (90, 91)


def test_memory_is_a_month_and_what_may_overtake():
    assert FAMILY.memory_us == 33 * DAY_US
    assert FAMILY.memory_bars == 0
