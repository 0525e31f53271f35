"""Training logs: our lines, TensorBoard's events, and what is said where something is not there."""

import json
import math
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from alphaloop.core.errors import UnreadableFile
from alphaloop.training.chain.learner import Told
from alphaloop.training.chain.logs import NAME, Curve, FitLog, RunLog, pack, read_curves, reports, unpack


def epoch(number: int, train: float, valid: float) -> Any:
    return SimpleNamespace(number=number, train_loss=train, valid_loss=valid, learning_rate=0.1)


def test_epochs_become_a_curve(tmp_path: Path) -> None:
    with RunLog(tmp_path / "fold-1", environ={}) as log:
        tell = log.epochs("student")
        tell(epoch(1, 1.0, 2.0))
        tell(epoch(2, 0.5, math.inf))

    (curve,) = read_curves(tmp_path)

    assert curve.name == "fold-1/student"
    assert curve.steps == (1, 2)
    assert curve.values["train_loss"] == (1.0, 0.5)
    assert curve.values["valid_loss"][0] == 2.0
    assert math.isnan(curve.values["valid_loss"][1])


def test_a_resumed_run_goes_on_below_a_torn_line_and_the_last_word_counts(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text('{"curve": "a", "step": 1, "loss": 4.0}\n{"curve": "a", "st')
    with RunLog(tmp_path, environ={}) as log:
        log.scalars("a", 1, {"loss": 3.0})
        log.scalars("a", 2, {"loss": 2.0})

    (curve,) = read_curves(tmp_path)

    assert (curve.steps, curve.values["loss"]) == ((1, 2), (3.0, 2.0))


def test_tensorboard_reads_what_was_written(tmp_path: Path) -> None:
    loader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    with RunLog(tmp_path, clock=lambda: 5_000_000, environ={}) as log:
        log.settings({"batch": 64, "backbone": "tsmixer", "compile": False})
        log.scalars("student", 3, {"valid_loss": 0.25})

    events = loader.EventAccumulator(str(tmp_path)).Reload()
    (event,) = events.Scalars("student/valid_loss")

    assert log.report["tensorboard"] == "written"
    assert (event.step, event.value, event.wall_time) == (3, 0.25, 5.0)
    assert "hparams" in events.PluginAssets("hparams") or events.summary_metadata["_hparams_/session_start_info"]


def test_what_is_not_installed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    monkeypatch.setitem(sys.modules, "tensorboard.summary.writer.event_file_writer", None)
    monkeypatch.setitem(sys.modules, "wandb", None)

    report = RunLog(tmp_path, environ={"WANDB_MODE": "offline"}).close()

    assert report["curves"] == "written"
    assert report["tensorboard"] == "not installed: pip install 'alphaloop[torch]'"
    assert report["wandb"] == "not installed: pip install 'alphaloop[wandb]'"


class Run:
    """What stands in for a run of Weights & Biases."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []
        self.config: dict[str, Any] = {}
        self.finished = False

    def log(self, values: dict[str, Any]) -> None:
        if "broken/step" in values:
            raise OSError("no route")
        self.said.append(values)

    def finish(self) -> None:
        self.finished = True


def test_weights_and_biases_is_told_where_it_is_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, opened = Run(), []
    run.config = type("Config", (dict,), {"update": lambda self, values, allow_val_change: dict.update(self, values)})()
    module = SimpleNamespace(init=lambda **how: opened.append(how) or run)
    monkeypatch.setitem(sys.modules, "wandb", module)
    with RunLog(tmp_path / "fold-2", environ={"WANDB_MODE": "offline"}) as log:
        log.settings({"batch": 8})
        log.scalars("student", 1, {"valid_loss": 0.5})

    assert log.report["wandb"] == "written"
    assert (opened[0]["project"], opened[0]["name"]) == ("alphaloop", "fold-2")
    assert run.said == [{"student/step": 1, "student/valid_loss": 0.5}]
    assert (run.config["batch"], run.finished) == (8, True)


def test_a_foreign_logger_that_fails_never_stops_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run()
    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(init=lambda **how: run))
    with RunLog(tmp_path, environ={"WANDB_API_KEY": "secret"}) as log:
        log.scalars("broken", 1, {"loss": 1.0})
        log.scalars("sound", 1, {"loss": 1.0})

    assert log.report["wandb"] == "failed: OSError: no route"
    assert [one.name for one in read_curves(tmp_path)] == ["broken", "sound"]
    assert "secret" not in json.dumps(log.report)


@pytest.mark.parametrize(
    ("environ", "said"), [({}, "not asked for"), ({"WANDB_MODE": "disabled", "WANDB_API_KEY": "k"}, "switched off")]
)
def test_unasked_nothing_leaves_the_machine(tmp_path: Path, environ: dict[str, str], said: str) -> None:
    assert RunLog(tmp_path, environ=environ).close()["wandb"].startswith(said)


def test_curves_are_packed_and_unpacked() -> None:
    made = [Curve("a", (1, 2), {"loss": (0.5, math.nan)})]

    found = unpack(pack(made))

    assert pack(found) == pack(made)
    assert found[0].values["loss"][0] == 0.5


@pytest.mark.parametrize("content", [b"", b"[]", b'{"curves": [{}]}', b"\xff"])
def test_what_was_not_packed_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableFile):
        unpack(content)


def test_a_fit_without_epochs_leaves_no_log_and_one_with_epochs_does(tmp_path: Path) -> None:
    seen: list[Told] = []
    with FitLog(tmp_path / "ridge", seen.append) as log:
        log(Told(variant="ridge"))
    with FitLog(tmp_path / "student") as log:
        log(Told(variant="student", epoch=1, epochs=2, train_loss=1.0, valid_loss=2.0))

    assert [one.variant for one in seen] == ["ridge"]
    assert not (tmp_path / "ridge").exists()
    assert [one.name for one in read_curves(tmp_path)] == ["student/student"]
    assert reports(tmp_path)["curves"] == ["written"]
