"""Voices: a fitted model with all that must agree before it may speak, and what it says of one symbol.

A voice reads the same rows as in training: float32 windows of its own features, oldest row
first, NaN where unknown. Each symbol is predicted alone, so what a model says of one does not
depend, to the last bit, on who else is traded. A model that fails, or whose window is too
empty, abstains and says why; a window whose history has not begun is waited for.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np

from alphaloop.core.errors import InvalidOption, SchemaViolation
from alphaloop.core.market import Bools, Floats
from alphaloop.core.observation import Observation
from alphaloop.core.protocols import Forecast
from alphaloop.core.time import Timeframe
from alphaloop.policies.forecast.odds import at_levels, confidence, spread
from alphaloop.policies.forecast.signals import Signals
from alphaloop.policies.sizing import Columns

_THINNEST = 1e-9  # spread of a forecast that claims to know, as a fraction of the price


class Predicts(Protocol):
    """The half of :class:`alphaloop.core.protocols.Forecaster` that a policy needs."""

    def predict(self, X: Floats, mask: Bools | None = None) -> Forecast:
        """Forecasts (N, H) of windows (N, L, F)."""
        ...


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Voice:
    """A model that may speak.

    Parameters
    ----------
    source : str
        Who speaks: the candidate's id, or a name.
    model : Predicts
    features : tuple of str
        Columns it was fitted on, in that order.
    schema_hash : str
        Of exactly these features (:attr:`alphaloop.features.contract.Schema.hash`) at the time of the fit.
    horizons : tuple of str
        Its outputs, in order, e.g. ``("1h", "4h")``.
    lookback : int, rows
        Of its windows.
    symbols : tuple of str
        Whom it was fitted on; empty: it speaks of any.
    signals : Signals
        Gates of the horizons it may be traded on; one without a gate is left out.
    least_known : float, 0 to 1
        Share of values that must be known, in the newest row and in the window.
    learnt_until : int, microseconds UTC
        The last instant any label it learnt from reads; 0 where nobody asks.

    Raises
    ------
    InvalidOption
        If there is no feature or horizon, a gate is of no horizon, or a number is out of range.
    """

    source: str
    model: Predicts
    features: tuple[str, ...]
    schema_hash: str
    horizons: tuple[str, ...]
    lookback: int = 1
    symbols: tuple[str, ...] = ()
    signals: Signals = field(default_factory=lambda: Signals({}))
    least_known: float = 0.5
    learnt_until: int = 0

    def __post_init__(self) -> None:
        if not self.features or not self.horizons or self.lookback < 1 or not 0 <= self.least_known <= 1:
            found = f"{len(self.features)} features, horizons {self.horizons}, lookback {self.lookback}"
            raise InvalidOption(found, "one or more of each; a known share of 0 to 1", "")
        strange = [name for name in self.signals.gates if name not in self.horizons]
        if strange or not self.signals.gates:
            raise InvalidOption(f"gates of {tuple(self.signals.gates)}", f"of one or more of {self.horizons}", "")


class Opinion(NamedTuple):
    """What a voice says of one symbol on one horizon.

    ``span`` is the horizon in microseconds; ``mean`` and ``spread`` fractions of the price;
    ``long`` and ``short`` the probabilities, in percent, that such a position beats its cost;
    ``size`` is what the forecast asks for, -1 to 1, 0 where it does not pass its gate.
    """

    source: str
    horizon: str
    span: int
    mean: float
    spread: float
    long: float
    short: float
    size: float

    @property
    def precision(self) -> float:
        """Inverse variance of the drift it tells: of ``mean / span``, in horizons squared per price squared."""
        return (self.span / self.spread) ** 2

    def sure(self, side: float) -> float:
        """Confidence of a position on a side."""
        return self.long if side > 0 else self.short


class Ear:
    """Hears one voice, bar after bar: looks its columns up once, and knows whose history has begun.

    Parameters
    ----------
    voice : Voice
    cost : float, fraction of the price
        Of entering and leaving.
    full : float, >= 1
        Expected return at which the whole share is asked for, in units of the least that opens.
    """

    def __init__(self, voice: Voice, cost: float, full: float) -> None:
        self.voice, self._cost = voice, cost
        self._columns = Columns(voice.features)
        self._spoken = [place for place, name in enumerate(voice.horizons) if name in voice.signals.gates]
        self._names = [voice.horizons[place] for place in self._spoken]
        self._spans = [Timeframe.parse(name).us for name in self._names]
        self._gates = [voice.signals.gates[name] for name in self._names]
        self._whole = [full * max(gate.entry, cost) for gate in self._gates]
        self._begun: set[str] = set()

    def forget(self) -> None:
        """Nobody's history has begun."""
        self._begun.clear()

    def hear(self, observation: Observation, asset: int) -> list[Opinion] | str:
        """Opinions on one symbol; words instead where it abstains; nothing where it speaks not of it, or not yet.

        Raises
        ------
        SchemaViolation
            If windows are shorter than the model's.
        UnknownName
            If the observation lacks a feature.
        """
        voice, symbol = self.voice, observation.symbols[asset]
        if voice.symbols and symbol not in voice.symbols:
            return []
        window = self.window(observation, asset)
        known = np.isfinite(window)
        if symbol not in self._begun:
            if not known[0].any():
                return []
            self._begun.add(symbol)
        newest, whole = float(known[-1].mean()), float(known.mean())
        if min(newest, whole) < voice.least_known or not newest:
            return f"{symbol}: {newest:.0%} of the newest row known, {whole:.0%} of the window"
        try:
            forecast = voice.model.predict(window[None].astype(np.float64), known[None])
            return self._opinions(forecast)
        except Exception as error:  # noqa: BLE001 - a model is an opinion: whatever it raises, it abstains
            return f"{symbol}: {type(error).__name__}: {error}"

    def window(self, observation: Observation, asset: int) -> Any:
        """The model's window of one symbol, shape (L, F), float32."""
        lookback = self.voice.lookback
        if len(observation.windows) < lookback:
            raise SchemaViolation(
                f"windows of {len(observation.windows)} rows",
                f"{lookback} or more",
                "build the view with policy.lookback",
            )
        places = list(self._columns.places(observation.features))
        window = observation.windows[-lookback:, asset, places].astype(np.float32)
        window[-1, ~observation.mask[asset, places]] = np.nan
        return window

    def _opinions(self, forecast: Forecast) -> list[Opinion]:
        mean = np.asarray(forecast.mean, dtype=np.float64)
        expected = (1, len(self.voice.horizons))
        if mean.shape != expected:
            raise SchemaViolation(f"a forecast of shape {mean.shape}", f"{expected}", "")
        quantiles = at_levels(forecast)[0]
        told = (mean[0], spread(quantiles), confidence(quantiles, self._cost, 1), confidence(quantiles, self._cost, -1))
        columns = np.stack(told)[:, self._spoken]
        if not np.isfinite(columns).all():
            raise SchemaViolation("a forecast that is not finite", "numbers", "")
        return [self._opinion(place, *column) for place, column in enumerate(columns.T.tolist())]

    def _opinion(self, place: int, mean: float, wide: float, long: float, short: float) -> Opinion:
        gate, sure = self._gates[place], long if mean > 0 else short
        through = abs(mean) >= max(gate.entry, self._cost) and sure >= gate.confidence and mean != 0
        size = max(-1.0, min(1.0, mean / self._whole[place])) if through and self._whole[place] else 0.0
        if through and not self._whole[place]:  # no cost and no entry: every forecast is worth the whole share
            size = 1.0 if mean > 0 else -1.0
        return Opinion(
            self.voice.source, self._names[place], self._spans[place], mean, max(wide, _THINNEST), long, short, size
        )


Listen = Callable[[Observation, int], list[Opinion] | str]
