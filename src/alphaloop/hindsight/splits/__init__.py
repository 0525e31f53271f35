"""Splits: training and test rows that share no instant of any label.

    intervals      what a label reads, and how many training labels overlap test labels
    blocks         timestamps, never rows, cut into blocks
    splitter       the scikit-learn face of every splitter
    kfold          purged K-fold
    walk_forward   train on the past, test on what follows: anchored or rolling
    combinatorial  every choice of test blocks, and the backtest paths made of them
    audit          counts overlaps of anybody's split, and whether there was anything to purge
    picture        a split in plain text

Rows are a panel: many symbols per timestamp, gaps, symbols listed late, rows in any order. The
convention at the border, here and nowhere else: a decision at ``t`` knows what was known at
``t``, and its label reads what became known in ``(t, e]``. A training label that ends at the
very instant of the first test decision (``e == T0``) has therefore read nothing that the test
labels read, and stays. Bars are named by their open and known at their close, so ``t`` is a close.
"""

from alphaloop.hindsight.splits.audit import Audit, FoldAudit, audit
from alphaloop.hindsight.splits.combinatorial import CombinatorialPurgedCV
from alphaloop.hindsight.splits.intervals import overlaps
from alphaloop.hindsight.splits.kfold import PurgedKFold
from alphaloop.hindsight.splits.picture import picture
from alphaloop.hindsight.splits.walk_forward import WalkForward

__all__ = [
    "Audit",
    "CombinatorialPurgedCV",
    "FoldAudit",
    "PurgedKFold",
    "WalkForward",
    "audit",
    "overlaps",
    "picture",
]
