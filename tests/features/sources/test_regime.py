"""Regime columns: from lake rows to flags, and what they say where a source is missing."""

import numpy as np
import polars as pl
import pytest

from alphaloop.core.time import DAY_US, Timeframe
from alphaloop.features.facts import SymbolFacts
from alphaloop.features.regime import LABELS, REASONS, classify
from alphaloop.features.sources.regime import Regime, interest_change, taker_volumes
from alphaloop.lake.columns import TIME
from tests.features.builders import random_tape

FIVE = Timeframe.parse("5m")
FAMILY = Regime()
NAMES = [one.name for one in FAMILY.declared]


def times(values):
    return pl.Series(np.asarray(values), dtype=pl.Int64).cast(TIME)


def facts(rows, seed=0, taker=True, interest=True, now=None):
    """A random market with flow and open interest for every bar."""
    rng = np.random.default_rng(seed)
    now = np.arange(1, rows + 1) * FIVE.us if now is None else now
    tape = random_tape(rng, rows)
    bars = np.vstack([tape.T, np.append(np.nan, tape[1:, 3] / tape[:-1, 3] - 1)])
    own = {"event_time": times(now - FIVE.us), "available_at": times(now)}
    tables = {}
    if taker:
        buy = tape[:, 4] * rng.beta(3, 3, rows)
        words = {"venue": ["binance"] * rows, "timeframe": ["5m"] * rows}
        tables["market_bars"] = pl.DataFrame({**own, **words, "volume": tape[:, 4], "taker_buy_volume": buy})
    if interest:
        held = {"venue": ["binance"] * rows, "oi_base": 1e5 * np.exp(np.cumsum(rng.normal(0, 0.01, rows)))}
        tables["open_interest"] = pl.DataFrame({**own, **held})
    return SymbolFacts("BTCUSDT", FIVE, now, bars, tables, "binance")


def computed(given):
    values, mask = np.full((len(NAMES), len(given.now)), np.nan), np.zeros((len(NAMES), len(given.now)), dtype=bool)
    FAMILY.compute(given, values, mask)
    assert np.isnan(values[~mask]).all()
    assert np.isfinite(values[mask]).all()
    return {name: (values[k], mask[k]) for k, name in enumerate(NAMES)}


def newest(given, rows):
    """The same facts, from the last ``rows`` bars and the rows known within the family's memory."""
    now = given.now[-rows:]
    oldest = int(now[-1]) - FAMILY.memory_us
    tables = {
        name: frame.filter(pl.col("available_at").dt.timestamp("us") > oldest) for name, frame in given.tables.items()
    }
    bars = np.ascontiguousarray(given.bars[:, -rows:])
    bars[6, 0] = np.nan
    return SymbolFacts(given.symbol, given.timeframe, now, bars, tables, given.venue)


def test_columns_say_what_classify_says():
    given = facts(3000)
    made = computed(given)
    buy, sell = taker_volumes(given)
    seen = classify(given.bars, buy, sell, interest_change(given))

    known = seen.label >= 0
    np.testing.assert_array_equal(made["regime_code"][1], known)
    np.testing.assert_array_equal(made["regime_code"][0][known], seen.label[known])
    np.testing.assert_array_equal(made["regime_confidence"][0], seen.confidence)
    flags = np.stack([made[f"regime_{label}"][0] for label in LABELS])
    np.testing.assert_array_equal(flags[:, known].argmax(axis=0), seen.label[known])
    assert set(flags[:, known].sum(axis=0)) == {1.0}
    assert len(set(seen.label[known].tolist())) == 7


def test_without_taker_volume_only_stop_hunts_are_told_and_the_reason_is_recorded():
    made = computed(facts(400, taker=False))
    code, known = made["regime_code"]
    assert known.any()
    assert set(code[known]) == {0.0}
    reasons = {REASONS[int(code)] for code in made["regime_reason"][0][14:]}
    assert reasons == {"taker flow unknown", "long range, close near open"}
    assert made["regime_reason"][1].all()
    assert not made["regime_flow"][1].any()
    assert made["regime_trend_state"][1].any()


def test_without_open_interest_the_evidence_lacks_its_bit():
    made = computed(facts(400, interest=False))
    assert set(made["regime_evidence"][0][14:]) == {3.0}
    assert not {2.0, 3.0} & set(made["regime_code"][0])
    assert not made["regime_oi_change"][1].any()


def test_open_interest_is_compared_bucket_by_bucket():
    given = facts(4, interest=False)
    minute = FIVE.us // 5
    known = [1 * minute, 4 * minute, 6 * minute, 16 * minute, 20 * minute]
    held = pl.DataFrame(
        {
            "event_time": times(known),
            "available_at": times(known),
            "venue": ["binance"] * 5,
            "oi_base": [100.0, 200.0, 210.0, 300.0, 330.0],
        }
    )
    tables = {"open_interest": held}
    change = interest_change(SymbolFacts("BTCUSDT", FIVE, given.now, given.bars, tables, "binance-spot"))
    # buckets close at 5, 10, 15, 20: last values 200, 210, none, 330
    np.testing.assert_allclose(change, [np.nan, 5.0, np.nan, np.nan])


def test_figures_of_another_venue_are_not_taken():
    given = facts(50)
    other = SymbolFacts(given.symbol, FIVE, given.now, given.bars, given.tables, "bybit")
    assert np.isnan(taker_volumes(other)).all()
    assert np.isnan(interest_change(other)).all()


def test_takers_beyond_the_volume_are_unknown():
    given = facts(30)
    bars = given.tables["market_bars"].with_columns(pl.col("volume") * 0.01)
    wrong = SymbolFacts(given.symbol, FIVE, given.now, given.bars, {"market_bars": bars}, given.venue)
    assert np.isnan(taker_volumes(wrong)).mean() > 0.9


@pytest.mark.parametrize("seed", range(5))
def test_the_memory_alone_gives_the_bits_of_the_whole(seed):
    rng = np.random.default_rng(seed)
    steps = np.where(rng.random(1500) < 0.02, 7, 1)
    steps[700] = 9 * DAY_US // FIVE.us  # longer than memory
    given = facts(1500, seed, now=np.cumsum(steps) * FIVE.us)
    whole = computed(given)
    for i in [5, 200, 695, 705, 900, 1499]:
        cut = SymbolFacts("BTCUSDT", FIVE, given.now[: i + 1], given.bars[:, : i + 1], given.tables, "binance")
        alone = computed(newest(cut, FAMILY.memory_bars + 1))
        for name in NAMES:
            assert alone[name][0][-1:].tobytes() == whole[name][0][i : i + 1].tobytes(), (name, i)


def test_the_future_changes_nothing():
    given = facts(900, seed=3)
    before = computed(given)
    bars = given.bars.copy()
    bars[:, 600:] *= 1.3
    after = computed(SymbolFacts("BTCUSDT", FIVE, given.now, bars, given.tables, "binance"))
    for name in NAMES:
        assert before[name][0][:600].tobytes() == after[name][0][:600].tobytes()


def test_no_bars_at_all():
    given = SymbolFacts("X", FIVE, np.empty(0, dtype=np.int64), np.empty((7, 0)))
    assert all(len(values) == 0 for values, _ in computed(given).values())
