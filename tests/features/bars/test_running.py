"""Running a plan in stretches: the same bits as at once, holes or none, however it is cut."""

import numpy as np
import pytest

from alphaloop.features.bars import running
from alphaloop.features.bars.plan import plan
from alphaloop.features.bars.running import Running
from alphaloop.features.contract import Schema
from alphaloop.features.family import RETURN

SCHEMA = Schema(["close", "ret_3", "ema_20", "rsi_14", "vol_12", "atr_14"])
N, STEP, HOLE = 400, 10, 50
PLACES = np.arange(len(SCHEMA.names))


def bars_of(opens):
    """Bars of a random walk."""
    random = np.random.default_rng(3)
    bars = np.ones((7, len(opens)))
    bars[3] = 100 * np.exp(np.cumsum(random.normal(0, 0.01, len(opens))))
    bars[0] = bars[3] * 0.999
    bars[1], bars[2] = bars[3] * 1.01, bars[3] * 0.99
    bars[4] = random.uniform(1, 2, len(opens))
    bars[RETURN, 0], bars[RETURN, 1:] = np.nan, bars[3, 1:] / bars[3, :-1] - 1.0
    return bars


def fresh(opens, bars):
    reach = max(one.lookback for one in SCHEMA.features) + 1
    return Running(plan(SCHEMA.features), reach, opens, bars, HOLE)


def at_once(bars):
    """One call of each kernel over all bars."""
    order, out = plan(SCHEMA.features), np.empty((len(SCHEMA.names), bars.shape[1]))
    made = np.empty((order.width, bars.shape[1]))
    order.run(np.ascontiguousarray(bars), 0, order.fresh(), made)
    out[:] = made[order.columns]
    return out


@pytest.mark.parametrize("block", [1, 7, 64, 2024])
@pytest.mark.parametrize("cuts", [(N,), (1, 2, 250, N), (100, 101, N)])
def test_cuts_change_no_bit(monkeypatch, block, cuts):
    monkeypatch.setattr(running, "BLOCK", block)
    opens = np.arange(N) * STEP
    bars, made = bars_of(opens), np.empty((len(SCHEMA.names), N))
    run, first = fresh(opens, bars), 0
    for stop in cuts:
        run.to(stop, first, made[:, first:stop], PLACES)
        first = stop

    np.testing.assert_array_equal(made, at_once(bars))


def test_rows_before_the_first_are_only_remembered():
    opens = np.arange(N) * STEP
    bars, made = bars_of(opens), np.empty((len(SCHEMA.names), N - 333))

    fresh(opens, bars).to(N, 333, made, PLACES)

    np.testing.assert_array_equal(made, at_once(bars)[:, 333:])


@pytest.mark.parametrize("cut", [150, 170, 171, 172])
def test_after_a_hole_memory_begins_anew(cut):
    """The 171st bar opens later than memory reaches: what follows is as if nothing had been before."""
    opens = np.arange(N) * STEP
    opens[171:] += HOLE
    bars, made = bars_of(opens), np.empty((len(SCHEMA.names), N))
    run = fresh(opens, bars)
    run.to(cut, 0, made[:, :cut], PLACES)
    run.to(N, cut, made[:, cut:], PLACES)
    later = bars[:, 171:].copy()
    later[RETURN, 0] = np.nan

    np.testing.assert_array_equal(made[:, :171], at_once(bars[:, :171]))
    np.testing.assert_array_equal(made[:, 171:], at_once(later))


def test_a_bar_runs_once():
    opens = np.arange(N) * STEP
    run = fresh(opens, bars_of(opens))
    made = np.full((len(SCHEMA.names), N), -1.0)
    run.to(N, 0, made, PLACES)
    before = made.copy()
    run.to(N, 0, made, PLACES)

    assert run.done == N
    np.testing.assert_array_equal(made, before)


def test_features_go_where_they_are_told():
    opens = np.arange(N) * STEP
    bars, made = bars_of(opens), np.full((9, N), -1.0)
    places = np.array([8, 1, 3, 5, 0, 6])

    fresh(opens, bars).to(N, 0, made, places)

    np.testing.assert_array_equal(made[places], at_once(bars))
    assert (made[[2, 4, 7]] == -1.0).all()
