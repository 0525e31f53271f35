"""Every venue of the package keeps the promises of a venue."""

from dataclasses import replace

import pytest

from alphaloop.core.conformance import check_venue
from alphaloop.core.conformance_orders import CASES, check_order_terms
from alphaloop.core.errors import InvalidOrder
from alphaloop.core.market import Instrument
from alphaloop.execution.simulator.venue import SimulatedVenue
from tests.contracts.discovery import VENUES, name

BUILDERS = {}  # a venue without an entry is made from instruments and cash


def test_the_simulator_is_found():
    assert SimulatedVenue in VENUES


def make(venue):
    return BUILDERS.get(venue, lambda symbols: venue([Instrument(symbol) for symbol in symbols], 10_000.0))


@pytest.mark.parametrize("venue", VENUES, ids=name)
def test_conforms(venue):
    check_venue(make(venue))


@pytest.mark.parametrize("venue", VENUES, ids=name)
def test_orders_do_what_they_say(venue):
    check_order_terms(make(venue))


def test_a_venue_that_does_something_else_is_named():
    class Deaf(SimulatedVenue):
        def submit(self, orders):
            super().submit([replace(one, post_only=False) for one in orders])

    with pytest.raises(AssertionError, match="Deaf breaks a promise: post-only never takes"):
        check_order_terms(make(Deaf))


def test_what_a_venue_refuses_it_need_not_do():
    class Plain(SimulatedVenue):
        def submit(self, orders):
            if len(orders) > 1:
                raise InvalidOrder("a pair", "one order", "send one")
            super().submit(orders)

    check_order_terms(make(Plain))


def test_the_cases_name_every_promise_once():
    assert len({case.promise for case in CASES}) == len(CASES)
