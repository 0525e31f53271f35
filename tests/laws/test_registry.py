"""Laws of the registry: whatever is asked in whatever order, each slot has exactly one active model
after its first promotion, the SQL view agrees with the moves, and the chain verifies."""

import contextlib
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from alphaloop.core.errors import LedgerError
from alphaloop.registry.catalogue import candidates, history
from alphaloop.registry.promotion import Slot
from alphaloop.registry.verification import verify
from tests.registry.builders import SLOT, evidence, open_ledger, register, verdict

SLOTS = (SLOT, Slot("ETHUSDT", "4h", "rule"))
_blank: list[Path] = []


def blank() -> Path:
    """A home with empty tables, made once."""
    if not _blank:
        _blank.append(Path(tempfile.mkdtemp()))
        made = open_ledger(_blank[0])
        made.trials()
        made.close()
    return _blank[0]


class Registry(RuleBasedStateMachine):
    """Random people at one ledger."""

    names = Bundle("names")

    @initialize()
    def open(self) -> None:
        self.home = Path(tempfile.mkdtemp())
        shutil.copytree(blank(), self.home, dirs_exist_ok=True)
        self.ledger = open_ledger(self.home)
        self.promoted: set[Slot] = set()
        self.trials = 0

    @rule(target=names, slot=st.sampled_from(SLOTS), seed=st.integers(0, 3))
    def register(self, slot: Slot, seed: int) -> tuple[Slot, str]:
        return slot, register(self.ledger, seed, slot)

    @rule(name=names, outcome=st.sampled_from(["passed", "passed", "refused", "insufficient"]), enforced=st.booleans())
    def judge(self, name: tuple[Slot, str], outcome: str, enforced: bool) -> None:
        self.ledger.add_verdict(name[1], verdict(outcome, enforced=enforced), author="ann")

    @rule(name=names, cash=st.booleans())
    def measure(self, name: tuple[Slot, str], cash: bool) -> None:
        against = "cash" if cash else self.ledger.active(*name[0])
        self.ledger.add_evidence(evidence(name[1], active=against, slot=name[0]), author="ann")

    @rule(name=names, to=st.sampled_from([None, None, "paper", "active", "retired"]), enforce=st.booleans())
    def promote(self, name: tuple[Slot, str], to: str | None, enforce: bool) -> None:
        with contextlib.suppress(LedgerError):
            entry = self.ledger.promote(name[1], to=to, reason="r", author="bob", enforce=enforce)
            self.promoted |= {name[0]} if entry.data["to"] == "active" else set()

    @rule(slot=st.sampled_from(SLOTS))
    def roll_back(self, slot: Slot) -> None:
        with contextlib.suppress(LedgerError):
            self.ledger.rollback(slot, reason="r", author="eve")

    @rule(ends=st.booleans())
    def search(self, ends: bool) -> None:
        study = self.ledger.study("s", author="ann")
        trial = study.start({})
        self.trials += 1
        if ends:
            study.finish(trial, 0.1)

    @invariant()
    def one_active_after_the_first_promotion(self) -> None:
        with self.ledger.journal.reading() as page:
            lines = candidates(page)
            view = dict(row for row in page.rows("SELECT model_id, stage FROM model_registry"))
        for slot in SLOTS:
            active = [one["id"] for one in lines if one["stage"] == "active" and one["symbol"] == slot.symbol]

            assert active == [one for one in [self.ledger.active(*slot)] if one is not None]
            assert len(active) == (slot in self.promoted)
        assert view == {one["id"]: one["stage"] for one in lines}

    @invariant()
    def every_trial_counts(self) -> None:
        assert self.ledger.trials().count == self.trials

    def teardown(self) -> None:
        found = verify(self.ledger.journal, self.ledger.artifacts)
        with self.ledger.journal.reading() as page:
            stretches = [history(page, slot) for slot in SLOTS]
        self.ledger.close()
        shutil.rmtree(self.home)

        assert found.faults == ()
        for reigns in stretches:  # without a gap, and nobody twice at once
            assert [one.until for one in reigns] == [*(one.since for one in reigns[1:]), None][: len(reigns)]


def obeys(examples: int, steps: int) -> None:
    ruled = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(Registry, settings=ruled)


def test_random_people_at_one_ledger() -> None:
    obeys(examples=10, steps=15)


@pytest.mark.slow
def test_random_people_at_one_ledger_for_long() -> None:
    obeys(examples=100, steps=50)
