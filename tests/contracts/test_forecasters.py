"""Every forecaster of the package keeps the promises of a forecaster."""

from alphaloop.core.conformance import check_forecaster
from tests.contracts.discovery import FORECASTERS


def test_conform():
    for forecaster in FORECASTERS:  # a loop: the package may have none yet, and an empty parametrize would skip
        check_forecaster(forecaster)
