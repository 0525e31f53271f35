"""Every venue of the package keeps the promises of a venue."""

import pytest

from alphaloop.core.conformance import check_venue
from alphaloop.core.market import Instrument
from alphaloop.execution.simulator.venue import SimulatedVenue
from tests.contracts.discovery import VENUES, name

BUILDERS = {}  # a venue without an entry is made from instruments and cash


def test_the_simulator_is_found():
    assert SimulatedVenue in VENUES


@pytest.mark.parametrize("venue", VENUES, ids=name)
def test_conforms(venue):
    check_venue(BUILDERS.get(venue, lambda symbols: venue([Instrument(symbol) for symbol in symbols], 10_000.0)))
