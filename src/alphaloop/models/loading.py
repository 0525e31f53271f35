"""Any saved forecaster, by what its file says it is. Knows no chain, and no name of a file."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from alphaloop.core.errors import MissingExtra, SchemaViolation, UnreadableFile
from alphaloop.core.market import Bools, Floats
from alphaloop.core.protocols import Forecast
from alphaloop.models import gate, gbm, ridge
from alphaloop.models.gate import ResidualGate
from alphaloop.models.gbm import GradientBoosting
from alphaloop.models.ridge import Ridge


class Loaded(Protocol):
    """A fitted model, and the hash of the features it was saved with."""

    @property
    def features(self) -> str:
        """Empty where none was named."""
        ...

    def predict(self, X: Floats, mask: Bools | None = None) -> Forecast:
        """Forecasts (N, H) of windows (N, L, F)."""
        ...


_KINDS: Mapping[str, Callable[[Path], Loaded]] = {
    ridge.KIND: Ridge.load,
    gbm.KIND: GradientBoosting.load,
    gate.KIND: ResidualGate.load,
}


class OneThread:
    """A network that answers on one thread: for a row or two, waiting for others takes longer than the work.

    Parameters
    ----------
    model : Loaded
    """

    def __init__(self, model: Loaded) -> None:
        self.model, self.features = model, model.features

    def predict(self, X: Floats, mask: Bools | None = None) -> Forecast:
        """As the model, which is left as it was; so are the threads."""
        import torch

        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            return self.model.predict(X, mask)
        finally:
            torch.set_num_threads(before)


def load_forecaster(path: Path) -> Loaded:
    """A fitted model, ready to predict on the CPU.

    Raises
    ------
    UnreadableFile
        If there is no such file, or it is not what was written.
    SchemaViolation
        If it holds something that forecasts nothing.
    MissingExtra
        If it is a network and torch is not installed.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> model = Ridge(features="abc").fit(np.arange(8.0).reshape(8, 1, 1), np.arange(8.0)[:, None])
    >>> place = Path(tempfile.mkdtemp()) / "model.json"
    >>> _ = model.save(place)
    >>> load_forecaster(place).features
    'abc'
    """
    try:
        first = path.read_bytes()[:1]
    except OSError as error:
        raise UnreadableFile(f"{path.name}: {error}", "the file of a model", "check the path") from error
    return _of_text(path) if first == b"{" else _network(path)


def _of_text(path: Path) -> Loaded:
    try:
        kind = json.loads(path.read_text(encoding="utf-8"))["kind"]
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableFile(f"{path.name}: {error}", "a model as it was saved", "bring back a copy") from error
    if kind not in _KINDS:
        raise SchemaViolation(f"{path.name}: a {kind}", f"one that forecasts: {', '.join(_KINDS)}, or a network", "")
    return _KINDS[kind](path)


def _network(path: Path) -> Loaded:
    try:
        from alphaloop.models.sequence.forecaster import SequenceForecaster
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "torch":
            raise
        raise MissingExtra("torch", "torch") from error
    try:
        return OneThread(SequenceForecaster.load(path, device="cpu"))
    except KeyError as error:
        raise SchemaViolation(f"{path.name}: a checkpoint without {error}", "a saved network", "") from error
