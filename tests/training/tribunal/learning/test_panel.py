import numpy as np
import polars as pl

from alphaloop.core.market import FUNDING
from alphaloop.training.tribunal.learning.panel import HORIZON, STEP_US, WIDTH, make_panel, probe, with_funding


def test_rows_come_by_time_and_labels_last_twelve_bars(scene):
    panel = make_panel(scene.frames)

    assert bool((np.diff(panel.start) >= 0).all())
    assert set(panel.end - panel.start) == {HORIZON * STEP_US}
    assert set(panel.symbol) == {0, 1, 2}


def test_a_row_by_hand(scene):
    panel = make_panel(scene.frames)
    row = len(panel.y) // 2
    bars = scene.frames["market_bars"].filter(pl.col("symbol") == scene.symbols[panel.symbol[row]])
    by_close = dict(zip(bars["available_at"].to_physical(), bars.rows(named=True), strict=True))
    now, first, last = (by_close[int(panel.start[row]) + k * STEP_US] for k in (0, 1, HORIZON))

    assert panel.y[row] == last["close"] / first["open"] - 1
    assert panel.X[row, 0] == now["close"] / by_close[int(panel.start[row]) - STEP_US]["close"] - 1


def test_only_what_is_known_becomes_a_row(scene):
    panel = make_panel(scene.frames)

    assert bool(np.isfinite(panel.X).all() and np.isfinite(panel.y).all())
    assert panel.X.shape[1] == probe().shape[1] == WIDTH


def test_funding_stands_at_the_bar_that_opens_when_it_is_paid(scene):
    market, rates = with_funding(scene.frames), scene.frames["funding_rates"].filter(symbol=scene.symbols[0])
    paid = market.ts[np.flatnonzero(np.nan_to_num(market.values[:, 0, FUNDING]))]

    assert len(paid) > 30
    assert set(paid) == set(rates["event_time"].to_physical()) & set(market.ts)


def test_no_bars_make_no_rows(scene):
    empty = {name: frame.clear() for name, frame in scene.frames.items()}

    assert len(make_panel(empty).y) == 0
