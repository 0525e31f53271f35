"""A policy that asks for words gets frames and regimes in its session; others get none, and pay nothing."""

from dataclasses import dataclass
from typing import ClassVar

import pytest

from alphaloop.app import wiring
from alphaloop.app.cli.main import main
from alphaloop.core.decision import HOLD, Decision
from alphaloop.execution.simulator.venue import SimulatedVenue
from alphaloop.lake.table import Lake

SEEN: list[tuple[bool, bool]] = []


@dataclass(frozen=True)
class Listener:
    name: ClassVar[str] = "listener"
    features: ClassVar[tuple[str, ...]] = ("close",)

    def reset(self, seed: int) -> None:
        SEEN.clear()

    def decide(self, observation) -> Decision:
        SEEN.append((bool(observation.frames), bool(observation.regimes)))
        return HOLD


@dataclass(frozen=True)
class Reader(Listener):
    words: ClassVar[bool] = True


@pytest.mark.parametrize(("kind", "told"), [(Reader, True), (Listener, False)])
def test_words_are_for_who_asks(tmp_path, monkeypatch, kind, told):
    home = ["--home", str(tmp_path)]
    assert main([*home, "data", "simulate", "--symbols", "SIMA", "--days", "1", "--timeframe", "15m", "--json"]) == 0
    monkeypatch.setitem(wiring.POLICIES, "words", kind)

    setup = wiring.prepare(Lake(tmp_path / "lake"), wiring.Options("words", ("SIMA",), "15m"))
    wiring.play(setup, SimulatedVenue)

    assert len(SEEN) == 96
    assert set(SEEN[1:]) == {(told, told)}
