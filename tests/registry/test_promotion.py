"""Stages of a slot: one active after the first promotion, whatever is asked."""

import pytest

from alphaloop.core.errors import IllegalMove, InvalidOption, NotPassed, PromotionConflict
from alphaloop.registry.catalogue import candidates, history
from alphaloop.registry.promotion import Slot
from tests.registry.builders import SLOT, activate, evidence, put_on_paper, register, verdict


def stages(ledger) -> dict[str, str]:
    with ledger.journal.reading() as page:
        return {one["id"]: one["stage"] for one in candidates(page)}


def test_one_stage_after_the_other(ledger) -> None:
    name = register(ledger)
    ledger.add_verdict(name, verdict(), author="ann")
    seen = [stages(ledger)[name]]
    for _ in range(2):
        ledger.promote(name, reason="passed", author="ann")
        seen.append(stages(ledger)[name])

    assert seen == ["candidate", "paper", "active"]
    assert ledger.active(*SLOT) == name


def test_the_next_one_retires_the_last(ledger) -> None:
    first, second = activate(ledger, 1), activate(ledger, 2)

    assert stages(ledger) == {first: "retired", second: "active"}


def test_slots_do_not_touch(ledger) -> None:
    other = Slot("BTCUSDT", "4h", "gbm")
    first, second = activate(ledger, 1), activate(ledger, 1, other)

    assert (ledger.active(*SLOT), ledger.active(*other)) == (first, second)


def test_without_a_verdict_nobody_moves(ledger) -> None:
    name = register(ledger)

    with pytest.raises(NotPassed, match="without a verdict"):
        ledger.promote(name, reason="please", author="ann")


@pytest.mark.parametrize("outcome", ["refused", "insufficient"])
def test_only_passed_passes(ledger, outcome) -> None:
    name = register(ledger)
    ledger.add_verdict(name, verdict(outcome), author="ann")

    with pytest.raises(NotPassed, match=outcome):
        ledger.promote(name, reason="please", author="ann")


def test_a_verdict_that_was_not_enforced_lets_through(ledger) -> None:
    name = register(ledger)
    ledger.add_verdict(name, verdict("refused", enforced=False), author="ann")

    assert ledger.promote(name, reason="trial run", author="ann").data["to"] == "paper"


def test_the_newest_verdict_counts(ledger) -> None:
    name = register(ledger)
    ledger.add_verdict(name, verdict("passed"), author="ann")
    ledger.add_verdict(name, verdict("refused"), author="ann")

    with pytest.raises(NotPassed):
        ledger.promote(name, reason="please", author="ann")


def test_an_exception_is_recorded(ledger) -> None:
    name = register(ledger)
    entry = ledger.promote(name, to="active", reason="emergency", author="ann", enforce=False)

    assert entry.data == {
        "candidate": name, "from": "candidate", "to": "active", "replaced": None, "reason": "emergency",
        "verdict": None, "enforced": False, "rollback": False,
    }  # fmt: skip
    assert entry.author == "ann"


def test_no_stage_is_skipped(ledger) -> None:
    name = register(ledger)
    ledger.add_verdict(name, verdict(), author="ann")

    with pytest.raises(IllegalMove, match="from candidate to active"):
        ledger.promote(name, to="active", reason="hurry", author="ann")


@pytest.mark.parametrize("to", ["candidate", "paper", "active", "retired"])
def test_the_active_one_does_not_just_leave(ledger, to) -> None:
    name = activate(ledger, 1)

    with pytest.raises(IllegalMove):
        ledger.promote(name, to=to, reason="no", author="ann", enforce=False)


def test_one_on_paper_can_be_withdrawn(ledger) -> None:
    name = put_on_paper(ledger, 1)
    ledger.promote(name, to="retired", reason="worse on paper", author="ann")

    assert stages(ledger) == {name: "retired"}


def test_a_retired_one_comes_back_with_a_new_verdict(ledger) -> None:
    first, _ = activate(ledger, 1), activate(ledger, 2)
    with pytest.raises(NotPassed, match="before it retired"):
        ledger.promote(first, reason="again", author="ann")
    ledger.add_verdict(first, verdict(), author="ann")
    ledger.promote(first, reason="again", author="ann")

    assert stages(ledger)[first] == "paper"


def test_judged_against_one_that_is_no_longer_active(ledger) -> None:
    activate(ledger, 1)
    second, third = put_on_paper(ledger, 2), put_on_paper(ledger, 3)
    ledger.promote(second, reason="good", author="ann")

    with pytest.raises(PromotionConflict, match=f"{second} active"):
        ledger.promote(third, reason="good", author="bob")


def test_the_evidence_says_what_a_candidate_was_measured_against(ledger) -> None:
    first = activate(ledger, 1)
    second = register(ledger, 2)
    ledger.add_evidence(evidence(second, active="cash"), author="ann")
    ledger.add_verdict(second, verdict(), author="ann")
    ledger.promote(second, reason="passed", author="ann")

    with pytest.raises(PromotionConflict, match=f"{first} active when {second} was to replace nothing"):
        ledger.promote(second, reason="good", author="ann")


def test_who_must_be_active_can_be_said(ledger) -> None:
    first = activate(ledger, 1)
    second = register(ledger, 2)

    with pytest.raises(PromotionConflict):
        ledger.promote(second, to="active", reason="x", author="ann", enforce=False, expected=None)
    ledger.promote(second, to="active", reason="x", author="ann", enforce=False, expected=first)
    assert ledger.active(*SLOT) == second


def test_back_along_the_line(ledger) -> None:
    names = [activate(ledger, seed) for seed in (1, 2, 3)]
    for expected in (names[1], names[0]):
        entry = ledger.rollback(SLOT, reason="drift", author="bob")
        assert (ledger.active(*SLOT), entry.data["rollback"], entry.author) == (expected, True, "bob")
    with pytest.raises(IllegalMove, match="nothing before it"):
        ledger.rollback(SLOT, reason="drift", author="bob")

    assert stages(ledger) == {names[0]: "active", names[1]: "retired", names[2]: "retired"}


def test_forward_again_after_back(ledger) -> None:
    first, _ = activate(ledger, 1), activate(ledger, 2)
    ledger.rollback(SLOT, reason="drift", author="bob")
    third = activate(ledger, 3)
    ledger.rollback(SLOT, reason="drift", author="bob")

    assert (ledger.active(*SLOT), stages(ledger)[third]) == (first, "retired")


def test_back_from_one_that_is_no_longer_active(ledger) -> None:
    first, second, third = (activate(ledger, seed) for seed in (1, 2, 3))
    ledger.rollback(SLOT, reason="drift", author="ann", expected=third)

    with pytest.raises(PromotionConflict, match=f"{second} active"):
        ledger.rollback(SLOT, reason="drift", author="bob", expected=third)
    assert stages(ledger) == {first: "retired", second: "active", third: "retired"}


def test_nothing_to_go_back_to(ledger) -> None:
    with pytest.raises(IllegalMove, match="nothing active"):
        ledger.rollback(SLOT, reason="x", author="ann")


def test_who_was_active_when(ledger) -> None:
    first, second = activate(ledger, 1), activate(ledger, 2)
    back = ledger.rollback(SLOT, reason="drift", author="bob")
    with ledger.journal.reading() as page:
        found = history(page, SLOT)

    assert [(one.candidate, one.author, one.reason) for one in found] == [
        (first, "ann", "good on paper"),
        (second, "ann", "good on paper"),
        (first, "bob", "drift"),
    ]
    assert [one.until for one in found] == [found[1].since, found[2].since, None]
    for one in found:
        assert ledger.active(*SLOT, at=one.since) == one.candidate
    assert ledger.active(*SLOT, at=found[0].since - 1) is None
    assert ledger.active(*SLOT, at=back.at - 1) == second


def test_a_clock_that_goes_back_does_not_turn_history_round(tmp_path) -> None:
    from alphaloop.registry.ledger import Ledger

    times = iter([*range(100, 104), *range(5, 50)])
    ledger = Ledger.open(tmp_path, clock=lambda: next(times))
    first, second = activate(ledger, 1), activate(ledger, 2)
    with ledger.journal.reading() as page:
        found = history(page, SLOT)

    assert [(one.candidate, one.since) for one in found] == [(first, 103), (second, 103)]
    assert ledger.active(*SLOT, at=103) == second


@pytest.mark.parametrize("part", ["", "a|b"])
def test_a_slot_has_three_plain_parts(ledger, part) -> None:
    with pytest.raises(InvalidOption):
        ledger.active("BTCUSDT", part, "gbm")


def test_a_stage_nobody_knows(ledger) -> None:
    with pytest.raises(InvalidOption, match="stage 'champion'"):
        ledger.promote(register(ledger), to="champion", reason="x", author="ann")
