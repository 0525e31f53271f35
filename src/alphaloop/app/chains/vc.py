"""``alphaloop train vc``, wired: events of the lake, the ledger, and the page of the verdict."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

from alphaloop.app.gating.judging import judge_candidate
from alphaloop.core.errors import InvalidOption
from alphaloop.lake.table import Lake
from alphaloop.registry.gates import load
from alphaloop.registry.ledger import Ledger
from alphaloop.training.chain.examples import Examples
from alphaloop.training.chain.learner import Progress
from alphaloop.training.chain.run import Around, Background
from alphaloop.training.vc.asked import VcAsked
from alphaloop.training.vc.run import run_vc


def train_vc(
    home: Path, lake: Lake, ledger: Ledger, asked: VcAsked, *, author: str, command: str, progress: Progress
) -> dict[str, Any]:
    """What the command prints; see :func:`alphaloop.training.vc.run.run_vc`."""
    around = Around(
        home=home,
        ledger=ledger,
        author=author,
        command=command,
        background=_none,
        judge=_judging(ledger, home, author),
        clock=perf_counter,
        progress=progress,
    )
    return run_vc(lake, asked, around)


def _judging(ledger: Ledger, home: Path, author: str) -> Callable[[str], dict[str, Any]]:
    judged = partial(judge_candidate, thresholds=load(home), reports=home / "reports", author=author)
    return lambda candidate: judged(ledger, candidate).as_dict()


def _none(_examples: Examples, _start: int, _end: int) -> Background:
    """Events have no bars to know the background of."""
    raise InvalidOption("the background of a symbol", "events", "")
