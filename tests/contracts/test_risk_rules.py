"""Every risk rule of the package keeps the promises of a risk rule."""

from threading import Event

import pytest

from alphaloop.core.conformance import check_risk_rule
from alphaloop.risk.chain import Chain, Limits, chain_of
from alphaloop.risk.exposure import Exposure
from alphaloop.risk.halt import Halt
from tests.contracts.discovery import RISK_RULES, name


def pulled() -> Event:
    switch = Event()
    switch.set()
    return switch


BUILDERS = {
    Chain: lambda: chain_of(Limits(), pulled()),
    Halt: lambda: Halt(pulled()),
}


def test_rules_are_found():
    assert {Chain, Exposure, Halt} <= set(RISK_RULES)


@pytest.mark.parametrize("rule", RISK_RULES, ids=name)
def test_conforms(rule):
    check_risk_rule(BUILDERS.get(rule, rule))
