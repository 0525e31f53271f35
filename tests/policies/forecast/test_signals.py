"""Gates by horizon: from numbers, text, the environment and JSON, and never from a guess."""

from math import inf

import pytest

from alphaloop.core.errors import InvalidOption, UnknownName
from alphaloop.policies.forecast.signals import CONFIDENCE, ENTRY, Gate, Signals

BOTH = ("1h", "4h")


@pytest.mark.parametrize("entry", [{"1h": 0.002, "4h": 0.004}, '{"1h": 0.002, "4h": 0.004}', "1h=0.002, 4h=0.004"])
def test_a_mapping_json_and_text_say_the_same(entry):
    found = Signals.of(BOTH, entry=entry, confidence={"4h": 60})

    assert dict(found.gates) == {"1h": Gate(0.002, 50.0), "4h": Gate(0.004, 60.0)}


def test_the_environment_changes_what_it_names_and_nothing_else():
    base = Signals.of(BOTH, entry={"1h": 0.002, "4h": 0.004}, confidence={"1h": 55, "4h": 60})

    found = Signals.from_environment({ENTRY: "1h=0.001", CONFIDENCE: '{"4h": 70}', "HOME": "x"}, BOTH, base)

    assert dict(found.gates) == {"1h": Gate(0.001, 55.0), "4h": Gate(0.004, 70.0)}


def test_an_empty_environment_changes_nothing():
    base = Signals.of(BOTH, entry="1h=0.002,4h=never")

    assert Signals.from_environment({ENTRY: ""}, BOTH, base) == base


def test_never_survives_json():
    found = Signals.of(("1h",), entry="1h=never")

    assert (found.gates["1h"].entry, found.as_dict()) == (inf, {"1h": {"entry": None, "confidence": 50.0}})
    assert Signals.from_dict(found.as_dict()) == found


@pytest.mark.parametrize("text", ["1h", "1h=", "1h=much", "{1h: 2}", '{"1h": true}', '{"1h": "nan"}', "1h=-0.1"])
def test_what_cannot_be_read_is_refused(text):
    with pytest.raises(InvalidOption):
        Signals.of(BOTH, entry=text)


def test_a_horizon_there_is_none_of_is_refused():
    with pytest.raises(UnknownName, match="2h"):
        Signals.from_environment({CONFIDENCE: "2h=60"}, BOTH)


@pytest.mark.parametrize("held", [{"1h": {"entry": 1}}, {"1h": 3}, [1], {"1h": {"entry": "x", "confidence": 1}}])
def test_json_of_something_else_is_refused(held):
    with pytest.raises(InvalidOption):
        Signals.from_dict(held)
