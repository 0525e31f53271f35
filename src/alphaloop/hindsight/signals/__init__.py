"""Signals: whether predictions were worth anything, with honest errors and after costs.

rows        predictions beside outcomes, each with its interval and symbol
errors      errors of averages whose rows overlap in time and move together
ic          information coefficients: pooled, by time, by symbol; ICIR; bootstrap
buckets     hit rate and deciles
positions   from predictions to positions, by a stated rule
pnl         what positions earn bar by bar, after the cost of every change
report      all of it as one dictionary
"""

from alphaloop.hindsight.signals.buckets import deciles, hit_rate
from alphaloop.hindsight.signals.errors import Measured, wilson
from alphaloop.hindsight.signals.ic import ByTime, bootstrap_ic, by_symbol, by_time, information_coefficient
from alphaloop.hindsight.signals.pnl import PositionPnl, position_pnl
from alphaloop.hindsight.signals.positions import Rule, delayed, positions
from alphaloop.hindsight.signals.report import signal_figures
from alphaloop.hindsight.signals.rows import Signal, from_panel

__all__ = [
    "ByTime",
    "Measured",
    "PositionPnl",
    "Rule",
    "Signal",
    "bootstrap_ic",
    "by_symbol",
    "by_time",
    "deciles",
    "delayed",
    "from_panel",
    "hit_rate",
    "information_coefficient",
    "position_pnl",
    "positions",
    "signal_figures",
    "wilson",
]
