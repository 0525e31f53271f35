import numpy as np
import pytest

from alphaloop.core.errors import DegenerateData, NoData
from alphaloop.training.chain.asked import Asked
from alphaloop.training.chain.examples import examples_of
from tests.training.chain.builders import ASKED, FEATURES, STEP, examples, store_of, symbol_rows


def test_rows_are_those_that_have_every_label(tmp_path):
    found = examples(tmp_path, rows=1500)

    assert len(found.every) == 1500
    assert len(found.rows) == 1496
    assert np.isfinite(found.rows.targets).all()
    assert np.array_equal(found.rows.ends - found.rows.times, np.full(1496, 4 * STEP))
    assert len(found.held) == len(found.volatility) == 1500
    assert found.simulated == 1500


def test_groups_are_places_of_modalities(tmp_path):
    found = examples(tmp_path)

    assert found.groups == {"text": (2,), "macro": (3,), "flow": (4,)}
    assert found.seen([3, 2]).groups == {"text": (1,), "macro": (0,), "flow": ()}
    assert np.array_equal(found.seen([3]).rows.newest()[:, 0], found.rows.newest()[:, 3])


def test_a_feature_that_does_not_vary_is_left_out_by_name(tmp_path):
    rows = symbol_rows()
    rows.values[:, 1] = 7.0
    rows.values[:, 4] = np.nan
    found = examples_of(store_of(tmp_path, rows), "BTCUSDT", ASKED, cost=0.0)

    assert found.dropped == ("vol_12", "cvd_5m")
    assert found.features == tuple(name for name in FEATURES if name not in found.dropped)


def test_no_feature_that_varies_is_an_error(tmp_path):
    rows = symbol_rows()
    rows.values[:] = 1.0

    with pytest.raises(DegenerateData, match="none varies"):
        examples_of(store_of(tmp_path, rows), "BTCUSDT", ASKED, cost=0.0)


def test_fast_takes_the_newest_rows_and_their_windows(tmp_path):
    rows = symbol_rows(rows=6000)
    found = examples_of(store_of(tmp_path, rows), "BTCUSDT", ASKED, cost=0.0)

    assert len(found.rows) == 4000
    assert np.array_equal(found.rows.take(np.array([0])).x[0], rows.values[5996 - 4000 - 3 : 5996 - 4000 + 1], True)


def test_a_window_is_cut_on_decisions(tmp_path):
    rows = symbol_rows(rows=2000)
    asked = Asked(**{**vars_of(ASKED), "start": int(rows.now[100]), "end": int(rows.now[900])})
    found = examples_of(store_of(tmp_path, rows), "BTCUSDT", asked, cost=0.0)

    assert found.every.times[[0, -1]].tolist() == rows.now[[100, 899]].tolist()


def vars_of(asked):
    return {name: getattr(asked, name) for name in asked.__dataclass_fields__}


@pytest.mark.parametrize("rows", [400, 504])
def test_a_symbol_without_enough_labels_is_refused_by_name(tmp_path, rows):
    made = symbol_rows(rows=rows)
    made.fwd_ret[5:, 0] = np.nan

    with pytest.raises(NoData, match="BTCUSDT: 5 labelled rows"):
        examples_of(store_of(tmp_path, made), "BTCUSDT", ASKED, cost=0.0)


def test_a_horizon_the_data_set_lacks_is_refused(tmp_path):
    asked = Asked(**{**vars_of(ASKED), "horizons": ("1h", "8h")})

    with pytest.raises(NoData, match="no labels of 8h"):
        examples_of(store_of(tmp_path), "BTCUSDT", asked, cost=0.0)


def test_equal_examples_have_equal_digests(tmp_path):
    one, same, other = (examples(tmp_path / name, seed=seed) for name, seed in (("a", 1), ("b", 1), ("c", 2)))

    assert one.digest == same.digest != other.digest
