"""One door to the court: whatever kind a subject is of, its findings."""

from alphaloop.training.tribunal.futures import Futures
from alphaloop.training.tribunal.judge import judge
from alphaloop.training.tribunal.learning.crossed import judge_crossed
from alphaloop.training.tribunal.learning.decisions import judge_decisions
from alphaloop.training.tribunal.learning.fits import judge_fit
from alphaloop.training.tribunal.learning.folds import judge_folds
from alphaloop.training.tribunal.learning.labels import judge_labels
from alphaloop.training.tribunal.learning.subjects import Crossed, Decided, Fit, Folds, Half, Labels
from alphaloop.training.tribunal.subject import Recipe
from alphaloop.training.tribunal.verdict import (
    CROSSED_CHECKS,
    DECISION_CHECKS,
    FEATURE_CHECKS,
    FIT_CHECKS,
    FOLD_CHECKS,
    LABEL_CHECKS,
    Finding,
)

KINDS = ("features", "labels", "splitters", "fits", "teachers", "decisions")
CHECKS_OF = dict(
    zip(KINDS, (FEATURE_CHECKS, LABEL_CHECKS, FOLD_CHECKS, FIT_CHECKS, CROSSED_CHECKS, DECISION_CHECKS), strict=True)
)


def kind(subject: Half) -> str:
    """Of which of :data:`KINDS` it is."""
    return KINDS[(Recipe, Labels, Folds, Fit, Crossed, Decided).index(type(subject))]


def hear(subject: Half, futures: Futures, *, cuts: int, seed: int) -> tuple[Finding, ...]:
    """All findings on a subject; ``cuts`` is how often the facts of a feature or a label are rewritten."""
    if isinstance(subject, Labels):
        return judge_labels(subject, futures, cuts=cuts, seed=seed)
    if isinstance(subject, Folds):
        return judge_folds(subject, futures)
    if isinstance(subject, Fit):
        return judge_fit(subject, futures, seed=seed)
    if isinstance(subject, Crossed):
        return judge_crossed(subject, futures, seed=seed)
    if isinstance(subject, Decided):
        return judge_decisions(subject, futures, seed=seed)
    return judge(subject, futures, cuts=cuts, seed=seed).findings
