"""A model that says what it is told to, a voice that says it, and observations of one or two features."""

from math import nan

import numpy as np

from alphaloop.core.observation import Observation
from alphaloop.models.sequence.levels import LEVELS
from alphaloop.policies.forecast.policy import ForecastPolicy
from alphaloop.policies.forecast.signals import Signals
from alphaloop.policies.forecast.voices import Voice
from tests.policies.builders import account

NORMAL = np.array([-1.6448536269514722, -0.6744897501960817, 0.0, 0.6744897501960817, 1.6448536269514722])
MINUTE = 60_000_000
HASH = "schema"


class Normal:
    """A normal forecast by hand: N samples, H horizons."""

    def __init__(self, mean, deviation):
        self.mean, self._deviation = np.asarray(mean, dtype=float), np.asarray(deviation, dtype=float)

    def quantile(self, q):
        return self.mean + NORMAL[LEVELS.index(q)] * self._deviation


class Told:
    """Expects the newest value of the first feature times ``of`` each horizon, and keeps what it was shown."""

    def __init__(self, of=(1.0,), deviation=0.001):
        self.of, self.deviation, self.seen = np.array(of), deviation, []

    def predict(self, X, mask=None):
        self.seen.append((X, mask))
        mean = X[:, -1, :1] * self.of
        return Normal(mean, np.full(mean.shape, self.deviation))


def voice(model=None, horizons=("2m",), entry=0.002, confidence=0, **named):
    gates = Signals.of(horizons, entry=dict.fromkeys(horizons, entry), confidence=dict.fromkeys(horizons, confidence))
    given = {"source": "told", "features": ("a",), "schema_hash": HASH, "signals": gates, **named}
    return Voice(model=model or Told((1.0,) * len(horizons)), horizons=horizons, **given)


def policy(*voices, **named):
    given = {"cost": 0.001, "band": 0.0, "weight": 1.0, "schema_hash": HASH, **named}
    return ForecastPolicy(voices=voices or (voice(),), **given)


def seen(minute, values, held=0.0, features=("a",), lookback=1, schema=HASH):
    """What is seen of symbol X: the newest row last; a plain number stands for one row of one feature."""
    rows = np.array(values if isinstance(values, list) else [[values]], dtype=float)
    before = np.full((max(0, lookback - len(rows)), rows.shape[1]), nan)
    window = np.concatenate([before, rows])[:, None, :]
    return Observation(
        minute * MINUTE, ("X",), tuple(features), window[-1], ~np.isnan(window[-1]), window,
        account(("X",), [held * 10.0]), schema,
    )  # fmt: skip
