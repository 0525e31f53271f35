"""Decisions on trial: what a chain decided by an instant does not change when later facts do.

The whole chain runs again, folds, fits, rule and all, on facts that are dealt out anew after
the instant. Only dealt out: with fewer facts the folds of a backtest are cut elsewhere, and that
is no leak.
"""

import numpy as np

from alphaloop.training.tribunal.futures import GARBAGE, Futures
from alphaloop.training.tribunal.learning.subjects import Decided
from alphaloop.training.tribunal.subject import Recipe, ask
from alphaloop.training.tribunal.verdict import LATER, NEVER_LEARNED, Evidence, Finding

LOOKS = 16


def judge_decisions(subject: Decided, futures: Futures, *, looks: int = LOOKS, seed: int = 0) -> tuple[Finding, ...]:
    """Run the chain with ``looks`` other futures, which begin while it decides."""
    asked = Recipe(subject.name, ("value",), subject.tables, subject.decide)
    base, later, moved = ask(asked, futures.scene.frames, futures.scene.symbols), Evidence(), False
    cuts = np.random.default_rng([seed, 9]).choice(np.unique(base.known)[1:-1], looks)
    for cut in cuts.tolist():
        other = ask(asked, futures.splice(cut, GARBAGE, subject.tables), futures.scene.symbols)
        later = later.with_one(bool(base.until(cut).differs(other.until(cut)).any()), cut)
        moved = moved or bool(base.differs(other).any())
    unread = Evidence().with_one(not moved, int(futures.scene.nows[0]))
    return (Finding(subject.name, {LATER: later, NEVER_LEARNED: unread}),)
