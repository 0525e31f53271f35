import numpy as np
import pytest

from alphaloop.core.errors import SchemaViolation, UnreadableFile
from alphaloop.registry.series import Series

NOW = np.array([10, 20, 30])
NET = np.array([0.01, -0.02, 0.0])


def test_a_series_survives_its_bytes() -> None:
    made = Series(NOW, NET, NET * 2, NET * 3)
    found = Series.of_bytes(made.to_bytes())

    assert np.array_equal(found.now, NOW)
    assert np.array_equal(found.net, NET)
    assert np.array_equal(found.benchmark, NET * 2)
    assert found.active is not None
    assert np.array_equal(found.active, NET * 3)


def test_equal_series_give_equal_bytes() -> None:
    assert Series(NOW, NET, NET).to_bytes() == Series(NOW.copy(), NET.copy(), NET.copy()).to_bytes()


@pytest.mark.parametrize("values", [(NOW[:2], NET, NET), (NOW[::-1], NET, NET), (NOW, NET * np.nan, NET)])
def test_series_that_do_not_fit_are_refused(values) -> None:
    with pytest.raises(SchemaViolation):
        Series(*values)


def test_other_bytes_are_refused() -> None:
    with pytest.raises(UnreadableFile):
        Series.of_bytes(b"weights")
