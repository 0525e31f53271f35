"""Labels: what the market did after a decision, in forms that models can learn.

    windows      which bars a label reads, and when it ends
    volatility   the scale of a move, as known at the decision
    forward      forward returns, side-aware costs, utility, classes
    barriers     the triple barrier: target, stop or time, whichever comes first
    frame        all of them as one table, each row with its interval

A label is a statement about ``[start, end]``: from the instant of the decision to the close
of the last bar read. Nothing outside it changes the label, except the scale, which
is known at ``start``. A label whose bars are not all there is missing, never shortened.
"""

from alphaloop.hindsight.labels.barriers import Barriers, triple_barrier
from alphaloop.hindsight.labels.forward import Forward, classes, forward, utility
from alphaloop.hindsight.labels.frame import LabelSpec, label_frame
from alphaloop.hindsight.labels.volatility import ewm_volatility
from alphaloop.hindsight.labels.windows import Windows, windows

__all__ = [
    "Barriers",
    "Forward",
    "LabelSpec",
    "Windows",
    "classes",
    "ewm_volatility",
    "forward",
    "label_frame",
    "triple_barrier",
    "utility",
    "windows",
]
