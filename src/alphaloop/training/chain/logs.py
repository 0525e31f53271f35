"""How a fit went, step by step: plain lines always, TensorBoard and Weights & Biases where they are there.

The lines are ours: one JSON object per step in ``curves.jsonl``, flushed as it is written, so a
killed run keeps what it said and a resumed one goes on below. A step that was said twice
counts as said last. The others are read by their own programs; one that is missing, switched
off or failing never stops a run, and the report of the log says so in words.
"""

import json
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol

from alphaloop.core.errors import UnreadableFile

if TYPE_CHECKING:
    from alphaloop.training.chain.learner import Progress, Told

NAME = "curves.jsonl"
REPORT = "log.json"
_KEYS = ("curve", "step")
_LOSSES = ("train_loss", "valid_loss", "learning_rate")

Values = Mapping[str, float]


class EpochLike(Protocol):
    """What a trainer tells of an epoch; :class:`alphaloop.models.sequence.fitting.Epoch` is one."""

    @property
    def number(self) -> int: ...  # noqa: D102
    @property
    def train_loss(self) -> float: ...  # noqa: D102
    @property
    def valid_loss(self) -> float: ...  # noqa: D102
    @property
    def learning_rate(self) -> float: ...  # noqa: D102


class Sink(Protocol):
    """Somewhere else that is told too."""

    def scalars(self, curve: str, step: int, values: Values) -> None:
        """One step of one curve."""

    def settings(self, values: Mapping[str, Any]) -> None:
        """Hyper-parameters of the run."""

    def close(self) -> None:
        """Write what is still held."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One curve of a run, steps ascending.

    Parameters
    ----------
    name : str
        E.g. ``fold-2/tsmixer``: the folder it was written in, then what the run called it.
    steps : tuple of int
    values : mapping of str to tuple of float
        E.g. ``train_loss``; NaN where a step did not say.
    """

    name: str
    steps: tuple[int, ...]
    values: Mapping[str, tuple[float, ...]]


class RunLog:
    """Scalars and settings of one fit.

    Parameters
    ----------
    folder : Path
        Of this fit alone: TensorBoard takes a folder for a run.
    name : str
        What Weights & Biases calls it; the folder's name when left out.
    clock : callable, optional
        Now, in microseconds UTC, for TensorBoard's axis of wall time; without one a step counts as a second.
    environ : mapping, optional
        Where ``WANDB_API_KEY`` and ``WANDB_MODE`` are looked for; the process's own when left out.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with RunLog(folder, environ={}) as log:
    ...     log.scalars("teacher", 1, {"train_loss": 0.5, "valid_loss": 0.75})
    >>> log.report["curves"], read_curves(folder)[0].values["valid_loss"]
    ('written', (0.75,))
    """

    def __init__(
        self, folder: Path, *, name: str = "", clock: Callable[[], int] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        folder.mkdir(parents=True, exist_ok=True)
        self.report: dict[str, str] = {"curves": "written"}
        self._sinks: dict[str, Sink] = {}
        self._lines = _opened(folder / NAME)
        self._open("tensorboard", lambda: TensorBoard(folder, clock), "alphaloop[torch]")
        asked = dict(os.environ if environ is None else environ)
        if not (asked.get("WANDB_API_KEY") or asked.get("WANDB_MODE")):
            self.report["wandb"] = "not asked for: neither WANDB_API_KEY nor WANDB_MODE is set"
        elif asked.get("WANDB_MODE") == "disabled":
            self.report["wandb"] = "switched off by WANDB_MODE"
        else:
            self._open("wandb", lambda: WeightsAndBiases(folder, name or folder.name), "alphaloop[wandb]")
        self._folder = folder
        self._note()

    def scalars(self, curve: str, step: int, values: Values) -> None:
        """One step of one curve: numbers by name, e.g. ``{"train_loss": 0.5}``."""
        said = {key: float(value) if math.isfinite(value) else None for key, value in values.items()}
        self._lines.write(json.dumps({"curve": curve, "step": step, **said}) + "\n")
        self._lines.flush()
        self._tell(lambda sink: sink.scalars(curve, step, values))

    def settings(self, values: Mapping[str, Any]) -> None:
        """Hyper-parameters, flat; a dataclass by ``asdict``."""
        self._lines.write(json.dumps({"settings": dict(values)}, default=str) + "\n")
        self._lines.flush()
        self._tell(lambda sink: sink.settings(values))

    def epochs(self, curve: str) -> Callable[[EpochLike], None]:
        """What a trainer's ``progress`` may be: writes each epoch as a step of this curve."""

        def tell(epoch: EpochLike) -> None:
            self.scalars(curve, epoch.number, {name: getattr(epoch, name) for name in _LOSSES})

        return tell

    def close(self) -> dict[str, str]:
        """End all of it; returns the report: what was written, what was not and why."""
        self._lines.close()
        self._tell(lambda sink: sink.close())
        self._sinks.clear()
        self._note()
        return self.report

    def __enter__(self) -> "RunLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self, name: str, make: Callable[[], Sink], extra: str) -> None:
        try:
            self._sinks[name] = make()
            self.report[name] = "written"
        except ImportError:
            self.report[name] = f"not installed: pip install '{extra}'"
        except Exception as error:  # noqa: BLE001 - whatever a foreign logger raises, the run goes on without it
            self.report[name] = f"failed: {type(error).__name__}: {error}"

    def _note(self) -> None:
        """Keep the report beside the lines, for :func:`reports`."""
        (self._folder / REPORT).write_text(json.dumps(self.report, sort_keys=True) + "\n", encoding="utf-8")

    def _tell(self, what: Callable[[Sink], None]) -> None:
        for name, sink in list(self._sinks.items()):
            try:
                what(sink)
            except Exception as error:  # noqa: BLE001 - as above
                self.report[name] = f"failed: {type(error).__name__}: {error}"
                del self._sinks[name]


class FitLog:
    """Who watches a fit, and writes down each epoch it is told of; a fit without epochs leaves nothing behind.

    Parameters
    ----------
    folder : Path
        Of the fit.
    watch : callable, optional
        Told everything first.
    """

    def __init__(self, folder: Path, watch: "Progress | None" = None) -> None:
        self._folder, self._watch = folder, watch
        self._log: RunLog | None = None

    def __call__(self, told: "Told") -> None:
        """Of an epoch: its losses, under the name of the variant."""
        if self._watch is not None:
            self._watch(told)
        said = {"train_loss": told.train_loss, "valid_loss": told.valid_loss}
        values = {name: value for name, value in said.items() if value is not None}
        if told.epoch and values:
            if self._log is None:
                self._log = RunLog(self._folder)
            self._log.scalars(told.variant, told.epoch, values)

    def __enter__(self) -> "FitLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._log is not None:
            self._log.close()
        self._log = None


class TensorBoard:
    """An event file, as ``tensorboard --logdir`` reads it."""

    def __init__(self, folder: Path, clock: Callable[[], int] | None = None) -> None:
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self._writer = EventFileWriter(str(folder))
        self._clock = clock

    def scalars(self, curve: str, step: int, values: Values) -> None:
        """Scalars ``curve/name``."""
        from tensorboard.compat.proto.summary_pb2 import Summary

        told = [Summary.Value(tag=f"{curve}/{name}", simple_value=value) for name, value in values.items()]
        self._add(Summary(value=told), step)

    def settings(self, values: Mapping[str, Any]) -> None:
        """The session's hyper-parameters, for the tab HPARAMS."""
        from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
        from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionStartInfo

        start = SessionStartInfo()
        for name, value in values.items():
            if isinstance(value, bool):
                start.hparams[name].bool_value = value
            elif isinstance(value, int | float):
                start.hparams[name].number_value = value
            else:
                start.hparams[name].string_value = str(value)
        content = HParamsPluginData(session_start_info=start, version=0).SerializeToString()
        plugin = SummaryMetadata.PluginData(plugin_name="hparams", content=content)
        told = Summary.Value(tag="_hparams_/session_start_info", metadata=SummaryMetadata(plugin_data=plugin))
        self._add(Summary(value=[told]), 0)

    def close(self) -> None:
        """Write what is still held."""
        self._writer.close()

    def _add(self, summary: Any, step: int) -> None:
        from tensorboard.compat.proto.event_pb2 import Event

        seconds = float(step) if self._clock is None else self._clock() / 1e6
        self._writer.add_event(Event(wall_time=seconds, step=step, summary=summary))


class WeightsAndBiases:
    """One run of the project ``alphaloop``; where it goes is decided by the variables of Weights & Biases."""

    def __init__(self, folder: Path, name: str) -> None:
        import wandb

        self._run = wandb.init(project="alphaloop", dir=str(folder), name=name, reinit="create_new")

    def scalars(self, curve: str, step: int, values: Values) -> None:
        """Scalars ``curve/name``; each curve has steps of its own."""
        self._run.log({f"{curve}/step": step, **{f"{curve}/{name}": value for name, value in values.items()}})

    def settings(self, values: Mapping[str, Any]) -> None:
        """The run's configuration."""
        self._run.config.update(dict(values), allow_val_change=True)

    def close(self) -> None:
        """Send what is still held."""
        self._run.finish()


def read_curves(folder: Path) -> list[Curve]:
    """All curves written in a folder and below it, by name.

    A line that a killed run left half written is passed over.
    """
    found: dict[str, dict[int, Values]] = {}
    for path in sorted(folder.rglob(NAME)):
        inside = path.parent.relative_to(folder).as_posix()
        for line in _whole_lines(path):
            if "curve" in line:
                name = line["curve"] if inside == "." else f"{inside}/{line['curve']}"
                said = {key: math.nan if value is None else value for key, value in line.items() if key not in _KEYS}
                found.setdefault(name, {})[int(line["step"])] = said
    return [_curve(name, steps) for name, steps in sorted(found.items())]


def reports(folder: Path) -> dict[str, list[str]]:
    """What the logs in a folder and below it said of themselves: of each destination, every different answer."""
    found: dict[str, set[str]] = {}
    for path in sorted(folder.rglob(REPORT)):
        for name, said in json.loads(path.read_text(encoding="utf-8")).items():
            found.setdefault(name, set()).add(said)
    return {name: sorted(said) for name, said in sorted(found.items())}


def pack(curves: list[Curve]) -> bytes:
    """Curves as bytes an artifact store can hold; equal curves, equal bytes."""
    plain = [asdict(one) for one in curves]
    for one in plain:
        one["values"] = {name: [None if math.isnan(x) else x for x in values] for name, values in one["values"].items()}
    return json.dumps({"version": 1, "curves": plain}, sort_keys=True, allow_nan=False).encode()


def unpack(content: bytes) -> list[Curve]:
    """What :func:`pack` made.

    Raises
    ------
    UnreadableFile
        If it is not that.
    """
    try:
        held = json.loads(content)
        return [
            Curve(
                one["name"],
                tuple(one["steps"]),
                {key: tuple(math.nan if x is None else float(x) for x in row) for key, row in one["values"].items()},
            )
            for one in held["curves"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableFile(f"unreadable curves: {error}", "curves as they were packed", "") from error


def _curve(name: str, steps: Mapping[int, Values]) -> Curve:
    order = tuple(sorted(steps))
    keys = sorted({key for values in steps.values() for key in values})
    return Curve(name, order, {key: tuple(steps[step].get(key, math.nan) for step in order) for key in keys})


def _opened(path: Path) -> Any:
    """The file, open at its end; a half-written last line is ended, so that what follows stands alone."""
    torn = path.exists() and (content := path.read_bytes()) and not content.endswith(b"\n")
    file = path.open("a", encoding="utf-8")
    if torn:
        file.write("\n")
    return file


def _whole_lines(path: Path) -> list[dict[str, Any]]:
    made = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            held = json.loads(line)
        except ValueError:
            continue
        if isinstance(held, dict):
            made.append(held)
    return made
