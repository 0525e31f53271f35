"""Processes that are killed, and processes that want the same: never two active, never none, the chain holds."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from alphaloop.core.errors import PromotionConflict
from alphaloop.registry import journal as journals
from alphaloop.registry.catalogue import candidates
from alphaloop.registry.ledger import Ledger
from alphaloop.registry.verification import verify
from tests.registry.builders import SLOT, activate, open_ledger, put_on_paper

FORK = multiprocessing.get_context("fork")


def assert_one_active(ledger: Ledger) -> None:
    with ledger.journal.reading() as page:
        active = [one["id"] for one in candidates(page) if one["stage"] == "active"]
        view = page.rows("SELECT model_id FROM model_registry WHERE stage = 'active'")

    assert active == [ledger.active(*SLOT)] == [row[0] for row in view]
    assert verify(ledger.journal, ledger.artifacts).as_dict()["faults"] == []


def killed(work: Callable[..., None], *arguments: object) -> None:
    """Run in a process of its own, which must die by SIGKILL."""
    child = FORK.Process(target=work, args=arguments)
    child.start()
    child.join(20)

    assert child.exitcode == -signal.SIGKILL


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def promote_and_die(home: Path, url: str | None, name: str, point: str) -> None:
    """Promote, and be killed at a point of the way."""
    ledger = open_ledger(home, start=1000, url=url)
    if point == "entry written":
        add = journals.Pen.add
        journals.Pen.add = lambda *a, **k: (add(*a, **k), die())  # type: ignore[assignment,method-assign]
    elif point == "committed":
        journals.write_witness = die  # type: ignore[assignment]
    elif point == "witness drafted":
        Path.replace = die  # type: ignore[assignment,method-assign]
    ledger.promote(name, reason="good", author="child")
    die()


@pytest.mark.parametrize(
    ("point", "wins"),
    [("entry written", False), ("committed", True), ("witness drafted", True), ("acknowledged", True)],
)
def test_killed_on_the_way_of_a_promotion(ledger, tmp_path, point, wins) -> None:
    first, second = activate(ledger, 1), put_on_paper(ledger, 2)
    url = str(ledger.journal.database.url) if ledger.journal.database.is_postgres else None
    killed(promote_and_die, tmp_path / "home", url, second, point)

    assert ledger.active(*SLOT) == (second if wins else first)
    assert_one_active(ledger)
    third = activate(ledger, 3)  # and the ledger goes on
    assert ledger.active(*SLOT) == third


def promote_for_ever(home: Path, names: list[str], told: object) -> None:
    """Promote one after the other, roll back every third time, and say what was acknowledged."""
    ledger, turn = open_ledger(home, start=10_000_000), 0
    while True:
        if turn % 3 == 2:
            entry = ledger.rollback(SLOT, reason="turn", author="child")
        else:
            active = ledger.active(*SLOT)
            name = names[turn % len(names)]
            name = name if name != active else names[(turn + 1) % len(names)]
            entry = ledger.promote(name, to="active", reason="turn", author="child", enforce=False)
        told.send(entry.seq)  # type: ignore[attr-defined]
        turn += 1


def kill_at(home: Path, names: list[str], seconds: float) -> int:
    """Kill a promoter that long after its first promotion; the last number it acknowledged."""
    ours, theirs = FORK.Pipe(duplex=False)
    child = FORK.Process(target=promote_for_ever, args=(home, names, theirs))
    child.start()
    theirs.close()
    seq = ours.recv()
    time.sleep(seconds)
    child.kill()
    child.join()
    while True:
        try:
            seq = ours.recv()
        except EOFError:
            return int(seq)


def kill_many(ledger: Ledger, home: Path, moments: int) -> None:
    names = [activate(ledger, seed) for seed in (1, 2, 3)]
    rng = np.random.default_rng(5)
    for seconds in rng.uniform(0.0, 0.03, moments):
        acknowledged = kill_at(home, names, float(seconds))
        with ledger.journal.reading() as page:
            head = page.head()

        assert acknowledged <= head.seq <= acknowledged + 1  # none lost, none from nowhere
        assert_one_active(ledger)


@pytest.fixture
def home(blank, tmp_path) -> Path:
    import shutil

    return shutil.copytree(blank, tmp_path / "home")


def test_killed_at_a_few_moments(home) -> None:
    kill_many(open_ledger(home), home, 8)


@pytest.mark.slow
def test_killed_at_a_hundred_moments(home) -> None:
    kill_many(open_ledger(home), home, 100)


def start_and_die(home: Path) -> None:
    with open_ledger(home, start=1000).study("s", author="child").trial({"depth": 3}):
        die()


def test_a_trial_that_is_killed_counts(home) -> None:
    killed(start_and_die, home)
    found = open_ledger(home).trials("s")

    assert (found.count, found.open, found.aborted) == (1, 1, 0)


def compete(home: Path, url: str | None, name: str, start: object, told: object) -> None:
    ledger = open_ledger(home, start=1000, url=url)
    ledger.active(*SLOT)
    start.wait()  # type: ignore[attr-defined]
    try:
        ledger.promote(name, reason="mine", author=name)
        told.put((name, "won"))  # type: ignore[attr-defined]
    except PromotionConflict as error:
        told.put((name, error.found))  # type: ignore[attr-defined]


def race(ledger: Ledger, home: Path, seeds: tuple[int, int]) -> None:
    names = [put_on_paper(ledger, seed) for seed in seeds]
    url = str(ledger.journal.database.url) if ledger.journal.database.is_postgres else None
    start, told = FORK.Barrier(2), FORK.Queue()
    children = [FORK.Process(target=compete, args=(home, url, name, start, told)) for name in names]
    for child in children:
        child.start()
    answers = dict(told.get(timeout=30) for _ in children)
    for child in children:
        child.join(30)
    winner = ledger.active(*SLOT)
    loser = next(name for name in names if name != winner)

    assert answers[winner] == "won"
    assert answers[loser].startswith(f"{winner} active when {loser} was to replace")
    assert_one_active(ledger)


def test_two_want_the_same_slot(ledger, tmp_path) -> None:
    activate(ledger, 0)
    for turn in range(3):
        race(ledger, tmp_path / "home", (2 * turn + 1, 2 * turn + 2))


@pytest.mark.slow
def test_two_want_the_same_slot_again_and_again(ledger, tmp_path) -> None:
    activate(ledger, 0)
    for turn in range(30):
        race(ledger, tmp_path / "home", (2 * turn + 1, 2 * turn + 2))
