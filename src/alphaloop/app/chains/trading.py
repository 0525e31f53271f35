"""A registered candidate as a policy: its model out of the artifact store, its gates out of its manifest.

``forecast:ID`` names one candidate, ``forecast:ID+ID`` several, of one symbol on several
horizons or of several symbols. Everything that must agree is checked before the first bar:
files by their hash, features by their schema, symbols, timeframe, and that no bar of the
run is one the model has learnt from.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from alphaloop.app.wiring import Options, typed
from alphaloop.core.errors import InvalidOption, SchemaViolation, UnknownName
from alphaloop.features.contract import Schema
from alphaloop.models.loading import Loaded, load_forecaster
from alphaloop.models.saved import feature_hash
from alphaloop.policies.forecast.policy import ForecastPolicy
from alphaloop.policies.forecast.signals import CONFIDENCE, ENTRY, Signals
from alphaloop.policies.forecast.voices import Voice
from alphaloop.registry.artifacts import Artifacts
from alphaloop.registry.ledger import Ledger, candidate_entry
from alphaloop.training.chain.enter import fetch, read_manifest

PREFIX = "forecast:"
SETTINGS: Mapping[str, Any] = {
    "cost": 0.0, "weight": 0.0, "band": 0.2, "full": 2.0, "fade": 0.0, "leverage": 1.0, "least_known": 0.5,
    "allow_short": True, "in_sample": False, "entry": "", "confidence": "", "role": "model",
}  # fmt: skip
"""What ``--set`` may say, with a value of its type."""

_OF_POLICY = ("cost", "weight", "band", "full", "fade", "leverage", "allow_short")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Candidates of one manifest.

    Parameters
    ----------
    artifact : str
        Hash of the manifest.
    ids, horizons : tuple of str
        Of the candidates, in the order they were named.
    manifest : dict
    """

    artifact: str
    ids: tuple[str, ...]
    horizons: tuple[str, ...]
    manifest: dict[str, Any] = field(repr=False)


def named(options: Options) -> bool:
    """Whether the policy is one or more candidates."""
    return options.policy.startswith(PREFIX)


def with_environment(options: Options, environ: Mapping[str, str]) -> Options:
    """The same, gates that the environment names among its parameters: what decides a run stands in its trace.

    Examples
    --------
    >>> asked = Options("forecast:abcd", ("X",))
    >>> with_environment(asked, {"SIGNAL_SCORE_ENTRY_BY_HORIZON": "1h=0.002"}).params
    {'entry': '1h=0.002'}
    """
    if not named(options):
        return options
    found = {name: environ[variable] for name, variable in _VARIABLES.items() if environ.get(variable)}
    return replace(options, params={**found, **options.params})


_VARIABLES = {"entry": ENTRY, "confidence": CONFIDENCE}


def forecast_of(ledger: Ledger, options: Options) -> tuple[Options, ForecastPolicy]:
    """The policy of the candidates that the options name, and the options with their full ids.

    Raises
    ------
    UnknownName
        If there is no such candidate, or one of its files is gone.
    LedgerTampered, UnreadableFile
        If a file is not what was stored.
    SchemaViolation
        If the model forecasts nothing, or was fitted on other features than there are now.
    MissingExtra
        If the model needs a package that is not installed.
    InvalidOption
        If a parameter, the timeframe or a symbol is not the model's.
    """
    settings = _settings(options)
    chosen = _candidates(ledger, options.policy)
    voices = tuple(_voice(ledger.artifacts, one, settings) for one in chosen)
    _check(options, chosen)
    costs = {"cost": 2.0 * (options.costs.taker + options.costs.slippage)}
    given = {name: settings[name] for name in _OF_POLICY if name in settings}
    features = dict.fromkeys(name for voice in voices for name in voice.features)
    policy = ForecastPolicy(voices=voices, schema_hash=Schema(tuple(features)).hash, **{**costs, **given})
    ids = "+".join(name for one in chosen for name in one.ids)
    return replace(options, policy=f"{PREFIX}{ids}"), policy


def _settings(options: Options) -> dict[str, Any]:
    unknown = [name for name in options.params if name not in SETTINGS]
    if unknown:
        raise UnknownName(f"parameter '{unknown[0]}' of {options.policy}", f"one of {', '.join(SETTINGS)}", "")
    return {name: typed(name, text, SETTINGS[name]) for name, text in options.params.items()}


def _candidates(ledger: Ledger, policy: str) -> list[Chosen]:
    """Candidates by the manifest they share."""
    found: dict[str, Chosen] = {}
    for name in dict.fromkeys(policy.removeprefix(PREFIX).split("+")):
        with ledger.journal.reading() as page:
            entry = candidate_entry(page, name)
        artifact, horizon = entry.data["artifact"], entry.data["horizon"]
        held = found.get(artifact) or Chosen(artifact, (), (), read_manifest(ledger.artifacts, artifact))
        found[artifact] = replace(held, ids=(*held.ids, entry.subject), horizons=(*held.horizons, horizon))
    return list(found.values())


def _voice(store: Artifacts, chosen: Chosen, settings: Mapping[str, Any]) -> Voice:
    held, name = chosen.manifest, "+".join(chosen.ids)
    lacking = [key for key in ("features", "horizons", "lookback", "view_hash", "learnt_until") if key not in held]
    if lacking:
        raise SchemaViolation(f"{name}: a {held.get('kind')} without {', '.join(lacking)}", "a model of returns", "")
    features, horizons = tuple(held["features"]), tuple(held["horizons"])
    now = Schema(features).hash
    if held["view_hash"] != now:
        found = f"{name}: fitted on features of schema {held['view_hash'][:12]}"
        raise SchemaViolation(found, f"schema {now[:12]}, as they are computed now", "train it again")
    return Voice(
        source=name,
        model=_model(store, chosen, settings.get("role", SETTINGS["role"])),
        features=features,
        schema_hash=now,
        horizons=horizons,
        lookback=held["lookback"],
        symbols=(held["symbol"],),
        signals=_signals(chosen, settings),
        least_known=settings.get("least_known", SETTINGS["least_known"]),
        learnt_until=0 if settings.get("in_sample") else held["learnt_until"],
    )


def _model(store: Artifacts, chosen: Chosen, role: str) -> Loaded:
    """The fitted model, its features those of the manifest."""
    held = chosen.manifest
    with tempfile.TemporaryDirectory() as folder:
        path = fetch(store, held, role, Path(folder))
        model = load_forecaster(path)
    expected = (held["features_hash"], held["schema_hash"], feature_hash(held["features"]))
    if model.features not in expected:
        found = f"{path.name}: fitted on features {model.features or '(unnamed)'}"
        raise SchemaViolation(found, f"those of its manifest, {held['features_hash']}", "train it again")
    return model


def _signals(chosen: Chosen, settings: Mapping[str, Any]) -> Signals:
    """Gates of the chosen horizons: fitted ones, and what was named by hand."""
    fitted = Signals.from_dict(chosen.manifest.get("signals", {}).get("gates", {}))
    return Signals.of(chosen.horizons, entry=settings.get("entry"), confidence=settings.get("confidence"), base=fitted)


def _check(options: Options, chosen: Sequence[Chosen]) -> None:
    """Symbols and timeframe are those of the models."""
    known = [one.manifest["symbol"] for one in chosen]
    lacking = [symbol for symbol in options.symbols if symbol not in known]
    if lacking:
        found = f"no candidate for {', '.join(lacking)}"
        raise InvalidOption(
            found, f"symbols among {', '.join(dict.fromkeys(known))}", "name one with +, or leave it out"
        )
    others = {one.manifest["timeframe"] for one in chosen} - {options.timeframe}
    if others:
        raise InvalidOption(f"--timeframe {options.timeframe}", f"{', '.join(sorted(others))}, as it was trained", "")
