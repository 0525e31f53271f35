"""The knobs: named, frozen, hashed by content, and never contradicting each other."""

import json
from dataclasses import FrozenInstanceError, fields

import pytest

from alphaloop.core.errors import InvalidOption, UnknownName
from alphaloop.execution.simulator import rules as at
from alphaloop.execution.simulator.presets import PRESETS, rules_named
from alphaloop.execution.simulator.rules import (
    Basis,
    Both,
    Codes,
    EntryBar,
    FillRules,
    Gap,
    Kind,
    Queued,
    Rounding,
    StopBarSignal,
    Timing,
)

VECTORBT = rules_named("vectorbt")


def test_the_default_is_section_5():
    assert FillRules().as_dict() == {
        "timing": "next_open",
        "entry_bar": "watched",
        "queued": "before_stops",
        "both": "stop_first",
        "stop_gap": "open",
        "target_gap": "open",
        "slips": ["horizon", "market_entry", "market_exit", "stop", "stop_entry"],
        "basis": "fill",
        "rounding": "none",
        "stop_bar_signal": "kept",
    }
    assert FillRules().codes == Codes(0, 0, 0, 0, 0, 0, 0, 0, 0)
    assert FillRules().slip_flags == (1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0)


def test_the_codes_are_the_places_in_the_enumerations():
    assert VECTORBT.codes == Codes(
        at.NEXT_OPEN, at.NOT_WATCHED, at.AFTER_STOPS, at.STOP_ALWAYS, at.GAP_OPEN, at.GAP_OPEN, at.BASIS_RAW, 0, 1
    )
    for kind in (Timing, EntryBar, Queued, Both, Basis, StopBarSignal):
        prefix = "BASIS_" if kind is Basis else ""
        assert [getattr(at, prefix + one.name) for one in kind] == list(range(len(kind)))
    assert [getattr(at, "GAP_" + one.name) for one in Gap] == [0, 1, 2, 3]
    assert [getattr(at, "ROUND_" + one.name) for one in Rounding] == [0, 1, 2]


def test_equal_rules_have_equal_hashes_and_every_field_counts():
    assert FillRules().hash == FillRules(slips=frozenset(reversed(list(FillRules().slips)))).hash
    assert FillRules().hash.startswith("3c54a9ff9d841fb0")  # another hash is another meaning: raise _VERSION
    others = [
        {"timing": Timing.SIGNAL_CLOSE},
        {"entry_bar": EntryBar.NOT_WATCHED},
        {"queued": Queued.AFTER_STOPS},
        {"both": Both.TARGET_FIRST},
        {"stop_gap": Gap.LEVEL},
        {"target_gap": Gap.LEVEL},
        {"slips": frozenset({Kind.STOP})},
        {"basis": Basis.RAW},
        {"rounding": Rounding.NEAREST},
        {"queued": Queued.AFTER_STOPS, "stop_bar_signal": StopBarSignal.DROPPED},
    ]
    hashes = {FillRules(**one).hash for one in [{}, *others]}

    assert {name for one in others for name in one} == {one.name for one in fields(FillRules)}
    assert len(hashes) == len(others) + 1


@pytest.mark.parametrize("name", PRESETS)
def test_rules_survive_a_file(name):
    rules = PRESETS[name]

    assert FillRules.from_dict(json.loads(json.dumps(rules.as_dict()))) == rules


def test_presets_differ():
    assert len({rules.hash for rules in PRESETS.values()}) == len(PRESETS)


@pytest.mark.parametrize(
    "choice",
    [
        {"timing": Timing.SIGNAL_CLOSE, "queued": Queued.AFTER_STOPS},
        {"timing": Timing.NEXT_CLOSE},
        {"stop_bar_signal": StopBarSignal.DROPPED},
    ],
)
def test_answers_that_cannot_hold_at_once(choice):
    with pytest.raises(InvalidOption, match="queued"):
        FillRules(**choice)


@pytest.mark.parametrize("plain", [{"timming": "next_open"}, {"timing": "yesterday"}, {"slips": ["luck"]}])
def test_unknown_words_are_refused(plain):
    with pytest.raises(UnknownName, match="expected one of"):
        FillRules.from_dict(plain)


def test_an_unknown_preset_is_refused():
    with pytest.raises(UnknownName, match="default, vectorbt"):
        rules_named("zipline")


def test_rules_do_not_change():
    with pytest.raises(FrozenInstanceError):
        FillRules().timing = Timing.NEXT_CLOSE
