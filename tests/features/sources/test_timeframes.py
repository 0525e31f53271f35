"""Timeframe columns: the analysers' numbers, levels as distances, and memory alone."""

import numpy as np

from alphaloop.core.time import Timeframe
from alphaloop.features.facts import SourceFamily, SymbolFacts
from alphaloop.features.sources.timeframes import Timeframes
from alphaloop.features.timeframes import trend, trend_columns
from tests.features.builders import random_tape

FAMILY = Timeframes()
NAMES = [one.name for one in FAMILY.declared]


def facts(rows, timeframe="5m", seed=0):
    step = Timeframe.parse(timeframe)
    tape = random_tape(np.random.default_rng(seed), rows)
    bars = np.vstack([tape.T, np.full(rows, np.nan)])
    return SymbolFacts("BTCUSDT", step, np.arange(1, rows + 1) * step.us, bars)


def computed(given):
    values, mask = np.full((len(NAMES), len(given.now)), np.nan), np.zeros((len(NAMES), len(given.now)), dtype=bool)
    FAMILY.compute(given, values, mask)
    assert np.isnan(values[~mask]).all()
    return dict(zip(NAMES, values, strict=True))


def test_it_is_a_source_family():
    assert isinstance(FAMILY, SourceFamily)
    assert len(NAMES) == len(set(NAMES))


def test_levels_are_distances_of_the_bar_s_own_close():
    given = facts(2500)
    made = computed(given)
    seen = trend(given.now, given.bars, given.timeframe)

    assert made["trend_support_gap"][-1] == given.bars[3, -1] / seen.support - 1
    assert made["trend_resistance_gap"][-1] == given.bars[3, -1] / seen.resistance - 1
    assert made["trend_score"][-1] == seen.score
    np.testing.assert_array_equal(made["trend_score"], trend_columns(given.now, given.bars, given.timeframe)[0])


def test_bars_finer_than_a_minute_have_no_long_frame():
    made = computed(facts(4500, "1s"))
    assert np.isnan(made["trend_score"]).all()
    assert np.isfinite(made["momentum_score"][-1])


def test_the_memory_alone_gives_the_bits_of_the_whole():
    for timeframe, rows in (("1m", 9000), ("5m", 4000)):
        given = facts(rows, timeframe)
        whole = computed(given)
        for i in (100, 3000, rows - 1):
            first = max(0, i - FAMILY.memory_bars)
            part = SymbolFacts("X", given.timeframe, given.now[first : i + 1], given.bars[:, first : i + 1])
            alone = computed(part)
            for name in NAMES:
                assert alone[name][-1:].tobytes() == whole[name][i : i + 1].tobytes(), (name, timeframe, i)


def test_no_bars_at_all():
    given = SymbolFacts("X", Timeframe.parse("5m"), np.empty(0, dtype=np.int64), np.empty((7, 0)))
    assert all(len(values) == 0 for values in computed(given).values())
