"""Timeframe columns: the analysers' numbers, levels as distances, and memory alone."""

import numpy as np
import pytest

from alphaloop.core.time import Timeframe
from alphaloop.features.facts import SourceFamily, SymbolFacts
from alphaloop.features.sources.timeframes import LONG_FRAME, SHORT_FRAME
from alphaloop.features.timeframes import trend, trend_columns
from tests.features.builders import random_tape

FAMILIES = (LONG_FRAME, SHORT_FRAME)


def facts(rows, timeframe="5m", seed=0):
    step = Timeframe.parse(timeframe)
    tape = random_tape(np.random.default_rng(seed), rows)
    bars = np.vstack([tape.T, np.full(rows, np.nan)])
    return SymbolFacts("BTCUSDT", step, np.arange(1, rows + 1) * step.us, bars)


def computed(given, families=FAMILIES):
    made = {}
    for family in families:
        shape = (len(family.declared), len(given.now))
        values, mask = np.full(shape, np.nan), np.zeros(shape, dtype=bool)
        family.compute(given, values, mask)
        assert np.isnan(values[~mask]).all()
        made |= {one.name: row for one, row in zip(family.declared, values, strict=True)}
    return made


def test_they_are_source_families():
    assert all(isinstance(family, SourceFamily) for family in FAMILIES)
    assert len(computed(facts(3))) == 13


def test_levels_are_distances_of_the_bar_s_own_close():
    given = facts(2500)
    made = computed(given)
    seen = trend(given.now, given.bars, given.timeframe)

    assert made["trend_support_gap"][-1] == given.bars[3, -1] / seen.support - 1
    assert made["trend_resistance_gap"][-1] == given.bars[3, -1] / seen.resistance - 1
    assert made["trend_score"][-1] == seen.score
    np.testing.assert_array_equal(made["trend_score"], trend_columns(given.now, given.bars, given.timeframe)[0])


def test_bars_finer_than_a_minute_have_no_long_frame():
    made = computed(facts(4500, "15s"))
    assert np.isnan(made["trend_score"]).all()
    assert np.isfinite(made["momentum_score"][-1])
    assert np.isnan(computed(facts(4500, "1s"))["momentum_score"]).all()


@pytest.mark.parametrize(("timeframe", "rows"), [("15s", 2000), ("1m", 9000), ("5m", 4000)])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_memory_alone_gives_the_bits_of_the_whole(family, timeframe, rows):
    given = facts(rows, timeframe)
    whole = computed(given, [family])
    for i in (100, rows // 3, rows - 1):
        first = max(0, i - family.memory_bars)
        part = SymbolFacts("X", given.timeframe, given.now[first : i + 1], given.bars[:, first : i + 1])
        for name, column in computed(part, [family]).items():
            assert column[-1:].tobytes() == whole[name][i : i + 1].tobytes(), (name, i)


def test_no_bars_at_all():
    given = SymbolFacts("X", Timeframe.parse("5m"), np.empty(0, dtype=np.int64), np.empty((7, 0)))
    assert all(len(values) == 0 for values in computed(given).values())
