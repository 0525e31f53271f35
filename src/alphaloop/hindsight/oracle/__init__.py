"""The oracle: what the best trader would have done, had it known every bar beforehand.

    tape      one symbol's bars, and what holding and switching on them costs
    values    what each position is worth from each bar on, by dynamic programming
    paths     the best position paths, k of them, ready for the simulator
    regret    how far a run stayed behind, in all and step by step

Its wealth is linear: positions are base units, fixed in size, and profits are not
reinvested. Therefore the optimum is exact, and the simulator, fed with the oracle's own
orders, pays the oracle's value to the last digits. An upper bound and a teacher's source,
never evidence of skill.
"""

from alphaloop.hindsight.oracle.paths import Paths, best_paths, orders, replay
from alphaloop.hindsight.oracle.regret import Regret, largest_held, regret, regret_of_plan, regret_of_trace
from alphaloop.hindsight.oracle.tape import Tape, tape, whole_lots
from alphaloop.hindsight.oracle.values import action_values, future_values

__all__ = [
    "Paths",
    "Regret",
    "Tape",
    "action_values",
    "best_paths",
    "future_values",
    "largest_held",
    "orders",
    "regret",
    "regret_of_plan",
    "regret_of_trace",
    "replay",
    "tape",
    "whole_lots",
]
