import numpy as np

from alphaloop.core.market import CLOSE
from alphaloop.models.ridge import Ridge
from alphaloop.training.tribunal.learning.chain import chain_panel, positions, teacher
from alphaloop.training.tribunal.learning.panel import make_panel, with_funding


def test_the_chain_learns_from_the_same_rows(scene):
    rows, panel = make_panel(scene.frames), chain_panel(scene.frames)

    assert np.array_equal(panel.rows.times, rows.start)
    assert np.array_equal(panel.rows.ends, rows.end)
    assert np.array_equal(panel.X[panel.rows.instant, panel.rows.asset, 0], rows.X)


def test_a_position_is_paid_by_the_bar_after_its_decision(scene):
    panel, close = chain_panel(scene.frames), with_funding(scene.frames).values[:, :, CLOSE]

    assert panel.returns[100, 0] == close[101, 0] / close[100, 0] - 1
    assert bool(np.isnan(panel.returns[-1]).all())


def test_a_teacher_speaks_of_every_row_and_a_chain_trades(scene):
    taught, held = teacher(Ridge)(scene.frames), positions(Ridge)(scene.frames)

    assert taught.height == len(make_panel(scene.frames).y)
    assert taught["value"].is_finite().all()
    assert held["value"].n_unique() > 10
