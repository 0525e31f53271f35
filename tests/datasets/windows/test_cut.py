import numpy as np
import pytest

from alphaloop.core.errors import InvalidOption, NoData
from alphaloop.datasets.windows.cut import missing, window_rows
from alphaloop.datasets.windows.store import SymbolRows

HOUR = 3_600_000_000


def symbol(name, rows, first=0, features=2):
    """Values 10 x row + column; the last row has no label."""
    values = (10.0 * np.arange(rows)[:, None] + np.arange(features)).astype(np.float32)
    fwd = np.arange(rows, dtype=np.float64)[:, None] / 100 + [0.0, 1.0]
    fwd[-1] = np.nan
    now = (first + np.arange(rows)) * HOUR
    ends = np.where(np.isfinite(fwd), now[:, None] + [HOUR, 4 * HOUR], 0)
    zero = np.zeros((rows, 2))
    flat = np.zeros(rows)
    return SymbolRows(name, now, values, fwd, zero, zero, fwd, ends, flat.astype(bool), flat, flat)


@pytest.fixture
def pair():
    return [symbol("A", 6), symbol("B", 4, first=2)]


def test_rows_come_by_time_then_symbol(pair):
    found = window_rows(pair, lookback=2, horizons=[0])

    assert (found.times // HOUR).tolist() == [0, 1, 2, 2, 3, 3, 4, 4]
    assert found.asset.tolist() == [0, 0, 0, 1, 0, 1, 0, 1]
    assert (found.ends - found.times == HOUR).all()


def test_a_window_ends_at_its_row_and_is_unknown_before_its_symbol(pair):
    found = window_rows(pair, lookback=3, horizons=[1])

    batch = found.take(np.array([4, 3]))  # A at its row 3, B at its row 0

    assert batch.x[0, :, 0].tolist() == [10.0, 20.0, 30.0]
    assert np.isnan(batch.x[1, :2]).all()
    assert batch.x[1, 2].tolist() == [0.0, 1.0]
    assert batch.mask[1, :, 0].tolist() == [False, False, True]
    assert batch.y[:, 0].tolist() == pytest.approx([1.03, 1.0])


def test_windows_are_those_of_a_naive_cut():
    rng = np.random.default_rng(0)
    rows = symbol("A", 300)
    values = rng.normal(size=(300, 2)).astype(np.float32)
    found = window_rows([SymbolRows("A", rows.now, values, *list_of(rows))], lookback=16, horizons=[0])
    picked = rng.permutation(len(found))[:50]
    padded = np.concatenate([np.full((15, 2), np.nan, dtype=np.float32), values])

    batch = found.take(picked)

    assert np.array_equal(batch.x, np.stack([padded[k : k + 16] for k in found.at[picked]]), equal_nan=True)


def list_of(rows):
    labels = (rows.fwd_ret, rows.cost_long, rows.cost_short, rows.utility, rows.ends)
    return *labels, rows.derived, rows.held, rows.volatility


def test_the_newest_rows_are_what_a_table_model_reads(pair):
    found = window_rows(pair, lookback=3, horizons=[0])

    assert np.array_equal(found.newest(), found.take(np.arange(len(found))).x[:, -1])


def test_a_teacher_follows_the_rows_that_are_picked(pair):
    found = window_rows(pair, lookback=1, horizons=[0])
    taught = found.taught(np.arange(8.0)[:, None]).pick(np.array([5, 2]))

    assert taught.take(np.array([0, 1])).teacher[:, 0].tolist() == [5.0, 2.0]
    assert taught.take(np.array([1])).y[0, 0] == pytest.approx(0.02)


def test_the_window_of_time_is_half_open(pair):
    found = window_rows(pair, lookback=1, horizons=[0], start=2 * HOUR, end=4 * HOUR)

    assert (found.times // HOUR).tolist() == [2, 2, 3, 3]


def test_a_symbol_without_labels_is_named(pair):
    bare = symbol("C", 3)
    bare.fwd_ret[:] = np.nan

    with pytest.raises(NoData, match="no labelled row of C"):
        window_rows([*pair, bare], lookback=1, horizons=[0])


def test_no_lookback_is_refused(pair):
    with pytest.raises(InvalidOption):
        window_rows(pair, lookback=0, horizons=[0])


def test_missing_shares_are_counted(pair):
    pair[0].values[:3, 1] = np.nan

    assert missing(pair, ("x", "y")) == {"x": 0.0, "y": 0.3}


def test_some_of_the_features_are_shown_in_the_order_asked(pair):
    every = window_rows(pair, lookback=3, horizons=[0])
    found = every.seen([1, 0]).seen([1])

    assert found.columns == (0,)
    assert np.array_equal(found.newest(), every.newest()[:, :1])
    assert np.array_equal(found.take(np.arange(3)).x, every.take(np.arange(3)).x[:, :, :1], equal_nan=True)
