import numpy as np
import pytest

from alphaloop.core.errors import InvalidOption
from alphaloop.models.residual import ResidualForecast, error_table


def test_a_quantile_is_the_mean_and_the_quantile_of_errors():
    errors = error_table(np.column_stack([np.linspace(-2, 2, 401), np.full(401, 1.0)]))
    forecast = ResidualForecast(np.array([[10.0, 20.0]]), errors)

    assert forecast.quantile(0.25) == pytest.approx(np.array([[9.0, 21.0]]))
    assert forecast.quantile(0.5) == pytest.approx(np.array([[10.0, 21.0]]))


def test_missing_errors_are_left_out():
    assert error_table(np.array([[np.nan], [1.0], [3.0]]))[100, 0] == 2.0


@pytest.mark.parametrize("level", [0.0, 1.0, -1.0, float("nan")])
def test_levels_lie_between_nought_and_one(level):
    with pytest.raises(InvalidOption):
        ResidualForecast(np.zeros((1, 1)), np.zeros((201, 1))).quantile(level)
