"""A sequence model behind the contract of forecasters: scale, fit, predict, keep, bring back.

Which windows decide when to stop lies inside the training window: its newest part. So rows
must come in the order of time, and nothing outside the window is seen.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import torch

from alphaloop.core.errors import InvalidOption, NoData, NotFitted, SchemaViolation
from alphaloop.core.market import Bools, Floats
from alphaloop.models.arrays import known, samples
from alphaloop.models.sequence import checkpoint
from alphaloop.models.sequence.fitting import Epoch, Recipe, batches, fit, pick_device, tensors
from alphaloop.models.sequence.levels import LEVELS, QuantileForecast
from alphaloop.models.sequence.network import Network, Plan
from alphaloop.models.sequence.processes import Job, share
from alphaloop.models.sequence.scaling import Scaled, Scaling
from alphaloop.models.windows import ArrayWindows, Windows

_FEWEST = 16  # windows to learn from, and as few to stop by
_PREDICTED = 4096  # windows per step of prediction


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """What to fit and how.

    Parameters
    ----------
    backbone : str
        One of :data:`alphaloop.models.sequence.network.BACKBONES`.
    settings : mapping
        Of the backbone: blocks, width, layers, dropout and the like.
    recipe : Recipe
        The quantiles of its loss are always :data:`alphaloop.models.sequence.levels.LEVELS`.
    held_out : float, above 0 and below 1
        Newest share of the windows that no step learns from: it says when to stop.
    gap : int
        Windows left out before the held-out ones, so that no label reaches into them.

    Raises
    ------
    InvalidOption
        If a number is out of its range.
    """

    backbone: str = "tsmixer"
    settings: Mapping[str, float] = field(default_factory=dict)
    recipe: Recipe = field(default_factory=Recipe)
    held_out: float = 0.2
    gap: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.held_out < 1 or self.gap < 0:
            raise InvalidOption(
                f"held_out {self.held_out}, gap {self.gap}", "a share in (0, 1), a gap of 0 or more", ""
            )


class SequenceForecaster:
    """A :class:`~alphaloop.core.protocols.Forecaster` by a network over windows.

    Parameters
    ----------
    training : Training
    seed : int
        Of weights, order and dropout; equal seeds, equal models on one machine.
    features : str
        Hash of the features, written into the file and checked when it is read.
    folder : Path, optional
        Where a checkpoint is kept; a killed fit goes on from there.
    progress : callable, optional
        Told each epoch as it ends.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 4, 2))
    >>> model = SequenceForecaster(Training(backbone="rlinear")).fit(X, X[:, -1, :1])
    >>> bool(model.predict(np.full((1, 4, 2), 1.0)).mean[0, 0] > 0.5)
    True
    """

    def __init__(
        self, training: Training | None = None, *, seed: int = 0, features: str = "",
        folder: Path | None = None, progress: Callable[[Epoch], None] | None = None,
    ) -> None:  # fmt: skip
        if seed < 0:
            raise InvalidOption(f"seed {seed}", "0 or more", "")
        asked = training or Training()
        loss = replace(asked.recipe.loss, quantiles=LEVELS)
        self.training = replace(asked, recipe=replace(asked.recipe, loss=loss))
        self.seed, self.features, self.folder, self.progress = seed, features, folder, progress
        self.history: list[Epoch] = []
        self._network: Network | None = None
        self._scaling: Scaling | None = None

    def fit(self, X: Floats, y: Floats, mask: Bools | None = None) -> "SequenceForecaster":
        """Learn; rows in the order of time.

        Parameters
        ----------
        X : float array, shape (N, L, F)
        y : float array, shape (N, H)
            NaN where a label is missing.
        mask : bool array, shape (N, L, F), optional

        Raises
        ------
        NoData
            If there are too few windows.
        SchemaViolation, DegenerateData
            As :func:`alphaloop.models.arrays.samples`.
        """
        given = samples(X, y, mask, fewest=2 * _FEWEST)
        valid = max(_FEWEST, round(len(given.X) * self.training.held_out))
        train = len(given.X) - valid - self.training.gap
        if train < _FEWEST:
            found = f"{len(given.X)} windows, {valid} of them held out, a gap of {self.training.gap}"
            raise NoData(found, f"{_FEWEST} or more to learn from", "take a longer window, or hold out less")
        scaling = Scaling.of(given.X[:train], given.y[:train])
        early, late = slice(train), slice(-valid, None)
        return self.learn(
            ArrayWindows(given.X[early], given.y[early]), ArrayWindows(given.X[late], given.y[late]), scaling
        )

    def learn(self, train: Windows, valid: Windows, scaling: Scaling) -> "SequenceForecaster":
        """The same from windows taken by index, which need never exist all at once.

        Parameters
        ----------
        train, valid : Windows
            Unscaled, NaN where unknown; ``valid`` later than ``train`` and inside the training window.
        scaling : Scaling
            Of the training rows.
        """
        first = train.take(np.zeros(1, dtype=np.int64))
        _, lookback, channels = first.x.shape
        plan = Plan(
            backbone=self.training.backbone, lookback=lookback, channels=channels, horizons=first.y.shape[1],
            quantiles=LEVELS, settings=self.training.settings,
        )  # fmt: skip
        torch.manual_seed(self.seed)
        network = Network(plan)
        job = Job(
            network=network, train=Scaled(train, scaling), valid=Scaled(valid, scaling), recipe=self.training.recipe,
            seed=self.seed, folder=self.folder,
        )  # fmt: skip
        share(job)
        self.history = fit(
            network, job.train, job.valid, recipe=job.recipe, seed=self.seed, folder=self.folder,
            progress=self.progress,
        )  # fmt: skip
        self._network, self._scaling = network, scaling
        return self

    @property
    def scaling(self) -> Scaling | None:
        """Means and deviations of the rows it learnt from; none before the fit."""
        return self._scaling

    def predict(self, X: Floats, mask: Bools | None = None) -> QuantileForecast:
        """Forecasts of every horizon, shape (N, H).

        Raises
        ------
        NotFitted
            If there is no fit yet.
        SchemaViolation
            If windows have another shape than in the fit.
        """
        network, _ = self._fitted()
        inputs = known(X, mask)
        wanted = (network.plan.lookback, network.plan.channels)
        if inputs.shape[1:] != wanted:
            raise SchemaViolation(
                f"windows of shape {inputs.shape}", f"(N, {wanted[0]}, {wanted[1]})", "build them alike"
            )
        nothing = np.full((len(inputs), network.plan.horizons), np.nan)
        return self.forecast(ArrayWindows(inputs, nothing))

    def forecast(self, windows: Windows) -> QuantileForecast:
        """Forecasts of windows taken by index; their outcomes are not looked at."""
        network, scaling = self._fitted()
        device = next(network.parameters()).device
        scaled = Scaled(windows, scaling)
        made = []
        with torch.inference_mode():
            for rows in batches(len(windows), _PREDICTED):
                x, mask, *_ = tensors(scaled.take(rows), device)
                made.append(network(x, mask).float().cpu().numpy())
        shape = (0, network.plan.horizons, 1 + len(network.plan.quantiles))
        out = scaling.undo(np.concatenate(made) if made else np.zeros(shape))
        return QuantileForecast(out[..., 0], out[..., 1:])

    def save(self, path: Path) -> str:
        """Write weights, scaling and plan into one file; returns the hash of its content."""
        network, scaling = self._fitted()
        arrays = {name: torch.from_numpy(np.asarray(part, dtype=np.float64)) for name, part in _arrays(scaling).items()}
        plan = asdict(network.plan)
        weights = {name: value.cpu() for name, value in network.state_dict().items()}
        kept = {"plan": plan, "weights": weights, "scaling": arrays, "features": self.features, "seed": self.seed}
        return checkpoint.write(path, kept)

    @classmethod
    def load(cls, path: Path, features: str | None = None, device: str = "auto") -> "SequenceForecaster":
        """A saved model, ready to predict.

        Raises
        ------
        UnreadableFile
            If the file is not one, or is not what was written.
        SchemaViolation
            If it was fitted on other features than ``features``.
        """
        where = pick_device(device)
        held = checkpoint.read(path, device=where)
        if features is not None and features != held["features"]:
            found = f"{path.name}: fitted on features {held['features'] or '(unnamed)'}"
            raise SchemaViolation(found, f"features {features}", "build the features it was fitted on, or fit it again")
        plan = Plan(**held["plan"])
        model = cls(
            Training(backbone=plan.backbone, settings=plan.settings), seed=held["seed"], features=held["features"]
        )
        network = Network(plan)
        network.load_state_dict(held["weights"])
        model._network = network.to(where).eval()
        model._scaling = Scaling(**{name: part.cpu().numpy() for name, part in held["scaling"].items()})
        return model

    def _fitted(self) -> tuple[Network, Scaling]:
        if self._network is None or self._scaling is None:
            raise NotFitted(f"the {self.training.backbone} network")
        return self._network, self._scaling


def _arrays(scaling: Scaling) -> dict[str, Floats]:
    return {name: getattr(scaling, name) for name in ("mean", "deviation", "target_mean", "target_deviation")}
