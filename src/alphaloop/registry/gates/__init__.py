"""Gates: small functions ``Evidence -> Check``, one idea each, and the judge that puts them all.

    thresholds  what is required, in one record and one file
    gate        what a gate is, and the three weights of a failure
    final       leaks, overlaps, provenance, degraded runs, missing members, drawdown
    sample      whether the sample could answer at all
    merit       costs, IC, and what is active now
    luck        deflated Sharpe, SPA, PBO
    judge       all of them, and the verdict

A gate reads evidence and never changes it.
"""

from alphaloop.registry.gates.judge import GATES, deciding, judge, outcome_of
from alphaloop.registry.gates.thresholds import Thresholds, load, parse

__all__ = ["GATES", "Thresholds", "deciding", "judge", "load", "outcome_of", "parse"]
