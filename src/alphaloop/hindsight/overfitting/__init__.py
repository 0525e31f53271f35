"""Overfitting: what a search's best result is worth, once it counts how much was tried.

    sharpe        probabilistic and deflated Sharpe ratio, minimum track record
    power         the smallest edge that a sample could have verified
    cscv          probability of backtest overfitting, with the band that noise alone gives
    superiority   superior predictive ability, StepM, model confidence set
    trials        how many independent trials a search was worth

Ratios are per period, not annual; kurtosis is not excess; tables are periods x candidates. No number here
is evidence by itself: ``docs/overfitting.md`` says what each cannot tell.
"""

from alphaloop.hindsight.overfitting.cscv import Pbo, pbo
from alphaloop.hindsight.overfitting.power import smallest_verifiable_ic, smallest_verifiable_sharpe
from alphaloop.hindsight.overfitting.sharpe import (
    TrackRecord,
    deflated_sharpe,
    expected_max_sharpe,
    min_backtest_length,
    min_track_record_length,
    probabilistic_sharpe,
    sharpe_variance,
    track_record,
)
from alphaloop.hindsight.overfitting.superiority import (
    ConfidenceSet,
    Superiority,
    model_confidence_set,
    spa,
    step_m,
)
from alphaloop.hindsight.overfitting.trials import effective_trials, trial_clusters

__all__ = [
    "ConfidenceSet",
    "Pbo",
    "Superiority",
    "TrackRecord",
    "deflated_sharpe",
    "effective_trials",
    "expected_max_sharpe",
    "min_backtest_length",
    "min_track_record_length",
    "model_confidence_set",
    "pbo",
    "probabilistic_sharpe",
    "sharpe_variance",
    "smallest_verifiable_ic",
    "smallest_verifiable_sharpe",
    "spa",
    "step_m",
    "track_record",
    "trial_clusters",
]
