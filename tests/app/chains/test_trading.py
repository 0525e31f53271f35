"""A candidate as a policy: the model that was stored, on the rows it was trained on, and nothing else."""

import json
import shutil
import sys
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from alphaloop.app.chains.source import Source
from alphaloop.app.chains.trading import forecast_of, with_environment
from alphaloop.app.wiring import Options, prepare
from alphaloop.core.account import Account
from alphaloop.core.errors import (
    InvalidOption,
    LedgerTampered,
    LookaheadError,
    MissingExtra,
    SchemaViolation,
    UnknownName,
    UnreadableFile,
)
from alphaloop.core.time import DAY_US, iso
from alphaloop.features.contract import Schema
from alphaloop.lake.table import Lake
from alphaloop.models.gbm import Boosting, GradientBoosting
from alphaloop.models.ridge import Ridge
from alphaloop.registry.ledger import Candidate, Ledger
from alphaloop.registry.lineage import lineage_here
from alphaloop.training.chain.asked import Asked
from alphaloop.training.chain.enter import enter
from alphaloop.training.chain.learner import Chain, Fitting
from alphaloop.training.chain.signals import signals_of
from alphaloop.training.chain.walk import cuts_of, walk
from tests.app.cli.builders import call

START = 1_735_689_600_000_000  # 2025-01-01, where simulated markets begin
SPLIT = START + 14 * DAY_US
NAMES = ("ret_1", "ret_3", "ret_12", "vol_12", "vol_48", "vol_z_48", "rsi_14", "funding_rate_8h")
ASKED = Asked(
    symbols=("SIMA", "SIMB"), timeframe="15m", horizons=("1h", "4h"), end=SPLIT, mode="fast", lookback=8, seed=1
)
WORDS = ["--symbols", "SIMA", "--timeframe", "15m", "--start", "2025-01-16"]
EAGER = ["--set", "entry=1h=0,4h=0", "--set", "confidence=1h=0,4h=0", "--set", "cost=0"]


@dataclass(frozen=True)
class Make:
    """Ridge or trees over whole windows; takes no time."""

    kind: str
    features: str = ""
    name: str = "made"

    def __call__(self, examples):
        return replace(self, features=examples.features_hash)

    def fit(self, train, how):
        trees = Boosting(rounds=20, rows="all", held_out=0.0)
        model = Ridge(0.1, rows="all", features=self.features)
        if self.kind == "gbm":
            model = GradientBoosting(trees, features=self.features, threads=1)
        fitted = replace(self)
        object.__setattr__(fitted, "model", model.fit(windows(train), train.targets))
        return fitted

    def predict(self, rows):
        return self.model.predict(windows(rows))

    def save(self, folder):
        self.model.save(folder / "model.json")
        return {"model": folder / "model.json"}


def windows(rows):
    return rows.take(np.arange(len(rows))).x.astype(np.float64)


def chain(kind):
    return Chain(
        kind=kind, variants={"made": Make(kind)}, chosen="made", files={"model": f"{kind}_{{symbol}}.json"},
        manifests=(f"{kind}_{{symbol}}_manifest.json",),
    )  # fmt: skip


def train(home: Path) -> dict[str, str]:
    """Ids by kind, symbol and horizon: the spine of a chain without its search, evidence and verdict."""
    source = Source(home=home, lake=Lake(home / "lake"), asked=ASKED, schema=Schema(NAMES))
    source.prepare(START)
    found = {}
    with Opened(home) as ledger:
        for kind, symbol in (("ridge", "SIMA"), ("ridge", "SIMB"), ("gbm", "SIMA")):
            examples = source.load(symbol)
            how = Fitting(folder=home / "runs" / kind / symbol, seed=1, embargo_us=ASKED.embargo_us)
            predicted = walk(examples, Make(kind), cuts_of(examples, 2, ASKED.embargo_us), how)
            models, signals = home / "artifacts" / "models", signals_of(examples, predicted)
            entered = enter(examples, chain(kind), ASKED, how, ledger.artifacts, models, signals)
            for horizon in ASKED.horizons:
                slot = {"symbol": symbol, "horizon": horizon, "kind": kind, "model": kind}
                one = Candidate(**slot, artifact=entered.artifact, lineage=lineage_here())
                found[f"{kind} {symbol} {horizon}"] = ledger.register(one, author="tests")
    return found


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A home with 20 simulated days, of which 14 were learnt from, and its candidates; read it, do not write."""
    home = tmp_path_factory.mktemp("trading")
    made = call("data", "simulate", "--symbols", "SIMA,SIMB", "--days", "20", "--timeframe", "15m", home=home)
    assert made.code == 0, made
    return home, train(home)


@pytest.fixture
def ledger(trained):
    opened = Ledger.open(trained[0], clock=count(1).__next__)
    yield opened
    opened.close()


def options(*ids, **named):
    given = {"symbols": ("SIMA",), "timeframe": "15m", "start": START + 15 * DAY_US, **named}
    return Options("forecast:" + "+".join(ids), **given)


# ------------------------------------------------------------------------------------------------ it trades


@pytest.mark.parametrize("kind", ["ridge", "gbm"])
def test_a_backtest_by_a_candidate_equals_its_replay_on_paper(trained, kind):
    home, ids = trained
    policy = f"forecast:{ids[f'{kind} SIMA 1h']}+{ids[f'{kind} SIMA 4h']}"
    words = ["--policy", policy, *WORDS, *EAGER, "--json"]

    backtest, replay = call("backtest", *words, home=home), call("paper", "replay", *words, home=home)

    assert (backtest.code, replay.code) == (0, 0), (backtest, replay)
    assert backtest.json["metrics"]["trades"] > 10
    assert replay.json["equal"]
    assert replay.json["max_equity_difference"] <= 1e-9
    assert Path(backtest.json["report_file"]).exists()


def test_fitted_gates_are_used_where_nothing_is_named(trained, ledger):
    home, ids = trained
    kept = json.loads((home / "artifacts" / "models" / "ridge_sima_manifest.json").read_text())
    _, policy = forecast_of(ledger, options(ids["ridge SIMA 1h"]))

    assert policy.voices[0].signals.as_dict() == {"1h": kept["signals"]["gates"]["1h"]}
    assert policy.cost == pytest.approx(0.0012)
    assert policy.voices[0].learnt_until == kept["learnt_until"]


def test_two_symbols_are_two_voices_and_one_artifact_is_one(trained, ledger):
    ids = trained[1]
    chosen, policy = forecast_of(
        ledger, options(*(ids[f"ridge {name}"] for name in ("SIMA 1h", "SIMB 1h", "SIMA 4h")), symbols=("SIMA", "SIMB"))
    )

    assert [(one.symbols, tuple(one.signals.gates)) for one in policy.voices] == [
        (("SIMA",), ("1h", "4h")), (("SIMB",), ("1h",)),
    ]  # fmt: skip
    assert policy.features == NAMES
    assert chosen.policy == "forecast:" + "+".join(ids[f"ridge {name}"] for name in ("SIMA 1h", "SIMA 4h", "SIMB 1h"))


def test_the_beginning_of_an_id_is_enough_and_stands_in_full_in_the_trace(trained, ledger):
    full = trained[1]["ridge SIMA 1h"]

    assert forecast_of(ledger, options(full[:8]))[0].policy == f"forecast:{full}"


def test_gates_of_the_environment_are_parameters_of_the_run(trained, ledger):
    asked = options(trained[1]["ridge SIMA 1h"], params={"confidence": "1h=60"})
    environ = {"SIGNAL_SCORE_ENTRY_BY_HORIZON": "1h=0.003", "SIGNAL_CONFIDENCE_MIN_BY_HORIZON": "1h=70"}

    found = with_environment(asked, environ)

    assert found.params == {"entry": "1h=0.003", "confidence": "1h=60"}
    gates = forecast_of(ledger, found)[1].voices[0].signals.as_dict()
    assert gates == {"1h": {"entry": 0.003, "confidence": 60.0}}
    assert with_environment(Options("flat", ("SIMA",)), environ).params == {}


# ------------------------------------------------------------------------------------------------ the same bits


@pytest.mark.parametrize("kind", ["ridge", "gbm"])
def test_live_windows_are_the_bits_of_the_data_set_and_so_are_forecasts(trained, ledger, kind):
    home, ids = trained
    asked = options(ids[f"{kind} SIMA 1h"], start=None, params={"in_sample": "true"})
    chosen, policy = forecast_of(ledger, asked)
    setup = prepare(Lake(home / "lake"), chosen, policy)
    examples = Source(home=home, lake=Lake(home / "lake"), asked=ASKED, schema=Schema(NAMES)).load("SIMA")
    rows = examples.every.pick(np.arange(200, 400))
    batch = rows.take(np.arange(len(rows)))
    account, ear = Account(cash=100).view(("SIMA",), {}, 0.0), policy._ears[0]
    model = policy.voices[0].model

    live = np.stack([ear.window(setup.observer.observe(now, account), 0) for now in rows.times.tolist()])
    alone = np.concatenate([model.predict(window[None].astype(np.float64)).mean for window in live])

    assert live.dtype == batch.x.dtype == np.float32
    assert live.tobytes() == batch.x.tobytes()
    at_once = model.predict(batch.x.astype(np.float64)).mean
    one_by_one = np.concatenate([model.predict(x[None].astype(np.float64)).mean for x in batch.x])
    assert alone.tobytes() == one_by_one.tobytes()
    # trees add the same numbers in the same order however many rows there are; a product of matrices need not
    assert kind != "gbm" or alone.tobytes() == at_once.tobytes()
    assert np.allclose(alone, at_once, rtol=0, atol=1e-15)


# ------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("named", "error"),
    [
        ({"timeframe": "5m"}, InvalidOption),
        ({"symbols": ("SIMA", "SIMB")}, InvalidOption),
        ({"params": {"stop": "0.1"}}, UnknownName),
        ({"params": {"entry": "2h=0.1"}}, UnknownName),
        ({"params": {"band": "much"}}, InvalidOption),
        ({"params": {"role": "teacher"}}, SchemaViolation),
    ],
)
def test_what_the_candidate_is_not(trained, ledger, named, error):
    with pytest.raises(error):
        forecast_of(ledger, options(trained[1]["ridge SIMA 1h"], **named))


def test_an_unknown_candidate(trained):
    found = call("backtest", "--policy", "forecast:nobody", *WORDS, "--json", home=trained[0])

    assert (found.code, found.json["error"]) == (2, "UnknownName")


def test_bars_it_has_learnt_from_are_refused_unless_asked_for(trained):
    home, ids = trained
    words = ["--policy", f"forecast:{ids['ridge SIMA 1h']}", "--symbols", "SIMA", "--timeframe", "15m", "--json"]
    early = [*words, "--start", "2025-01-10"]

    found = call("backtest", *early, home=home)

    assert (found.code, found.json["error"]) == (2, LookaheadError.__name__)
    assert iso(SPLIT)[:10] in found.json["fix"]
    assert call("backtest", *early, "--set", "in_sample=true", home=home).code == 0


def test_a_file_that_was_changed_is_refused(trained, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(trained[0], home)
    kept = json.loads((home / "artifacts" / "models" / "ridge_sima_manifest.json").read_text())
    name = kept["files"]["model"]["sha256"]
    place = home / "artifacts" / name[:2] / name
    asked = options(trained[1]["ridge SIMA 1h"])
    with Opened(home) as ledger:
        place.write_bytes(place.read_bytes() + b" ")
        with pytest.raises(LedgerTampered):
            forecast_of(ledger, asked)
        place.unlink()
        with pytest.raises(UnknownName):
            forecast_of(ledger, asked)


class Opened:
    """A ledger of a home that a test may write to."""

    def __init__(self, home):
        self.ledger = Ledger.open(home, clock=count(1).__next__)

    def __enter__(self):
        return self.ledger

    def __exit__(self, *_):
        self.ledger.close()


def register(ledger, manifest, **files):
    """A candidate with this manifest and these files."""
    named = {role: {"name": role, "sha256": ledger.artifacts.put(content)} for role, content in files.items()}
    body = json.dumps({**manifest, "files": {**manifest["files"], **named}}).encode()
    where = {"symbol": "SIMA", "horizon": "1h", "kind": "made", "model": "made"}
    return ledger.register(
        Candidate(**where, artifact=ledger.artifacts.put(body), lineage=lineage_here()), author="tests"
    )


@pytest.mark.parametrize(
    ("change", "content", "error"),
    [
        ({"view_hash": "0" * 64}, None, SchemaViolation),
        ({"features_hash": "0" * 16}, None, SchemaViolation),
        ({"view_hash": None}, None, SchemaViolation),
        ({}, b"{}", UnreadableFile),
        ({}, b'{"kind": "vc-student"}', SchemaViolation),
        ({}, b"no network", UnreadableFile),
    ],
)
def test_a_model_that_does_not_belong(trained, tmp_path, change, content, error):
    kept = json.loads((trained[0] / "artifacts" / "models" / "ridge_sima_manifest.json").read_text())
    manifest = {key: value for key, value in {**kept, **change}.items() if value is not None}
    shutil.copytree(trained[0] / "artifacts", tmp_path / "artifacts")
    with Opened(tmp_path) as ledger:
        name = register(ledger, manifest, **({} if content is None else {"model": content}))
        with pytest.raises(error):
            forecast_of(ledger, options(name))


def test_a_network_without_torch_says_what_is_missing(trained, tmp_path, monkeypatch):
    kept = json.loads((trained[0] / "artifacts" / "models" / "ridge_sima_manifest.json").read_text())
    with Opened(tmp_path) as ledger:
        name = register(ledger, kept, model=b"alphaloop-checkpoint-1\n")
        for module in [one for one in sys.modules if one == "torch" or one.startswith("alphaloop.models.sequence")]:
            monkeypatch.delitem(sys.modules, module)
        monkeypatch.setitem(sys.modules, "torch", None)
        with pytest.raises(MissingExtra, match="torch"):
            forecast_of(ledger, options(name))
