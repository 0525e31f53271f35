"""The trainer: epochs over windows, early stopping, moving average, checkpoints, several processes.

What it guarantees: the same data, plan, recipe and seed give the same weights on the same
machine, also when the run was killed and resumed. Every epoch draws its order and its
dropout from (seed, epoch), so a checkpoint after an epoch holds all that the next needs.

It knows nothing of markets: windows come by index, outcomes are numbers.
"""

import contextlib
import copy
import hashlib
import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from alphaloop.core.errors import DeviceLost, InvalidOption, NoData, SchemaViolation
from alphaloop.models.sequence import checkpoint
from alphaloop.models.sequence.losses import Loss
from alphaloop.models.sequence.network import Network
from alphaloop.models.windows import Batch, Rows, Windows

_LOOKED_AT = 256  # windows by which data are known again
_AHEAD = 2  # batches that wait while one is worked on
SCHEDULES = ("cosine", "constant", "halving", "waning")

Progress = Callable[["Epoch"], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How to train.

    Parameters
    ----------
    epochs : int
        At most; ``patience`` usually ends it sooner.
    batch : int
        Windows per step, over all processes together.
    learning_rate, weight_decay : float
        Of AdamW.
    patience : int
        Epochs without a better validation loss before it stops.
    average : float in [0, 1)
        Decay of the moving average of weights, which is what validates and predicts; 0 is off.
    clip : float
        Largest norm of a gradient; infinity leaves them as they are.
    schedule : {"cosine", "constant", "halving", "waning"}
        Of the rate: a warm-up over the first tenth of the steps, then a half cosine; always the same; full for two
        epochs, then half in each of what it was; or full for four epochs, then a tenth lower in each.
    device : str
        ``cpu``, ``cuda``, ``cuda:1``, ``mps``, or ``auto``.
    precision : {"float32", "bfloat16"}
        Of the arithmetic where it is safe; weights are float32 always.
    compile : bool
        Let torch compile the step. It pays on a GPU.
    hidden : tuple of int
        Channels that are hidden together, values and mask, in some windows of training: so that windows without them
        are nothing new when they come.
    hidden_share : float in [0, 1)
        Of the windows.
    rows : int, optional
        Windows of an epoch, drawn anew each time; all of them where left out. Neighbouring windows tell nearly
        the same, so fewer cost less and teach as much.
    loss : Loss
    """

    epochs: int = 40
    batch: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    patience: int = 6
    average: float = 0.98
    clip: float = 1.0
    schedule: str = "cosine"
    device: str = "auto"
    precision: str = "float32"
    compile: bool = False
    hidden: tuple[int, ...] = ()
    hidden_share: float = 0.0
    rows: int | None = None
    loss: Loss = field(default_factory=Loss)

    def __post_init__(self) -> None:
        if min(self.epochs, self.batch, self.patience) < 1 or self.learning_rate <= 0 or not 0 <= self.average < 1:
            found = f"epochs {self.epochs}, batch {self.batch}, patience {self.patience}, average {self.average}"
            raise InvalidOption(found, "epochs, batch and patience of 1 or more, average in [0, 1)", "correct them")
        if self.precision not in ("float32", "bfloat16"):
            raise InvalidOption(f"precision {self.precision!r}", "float32 or bfloat16", "choose one")
        if self.rows is not None and self.rows < 1:
            raise InvalidOption(f"{self.rows} windows an epoch", "1 or more", "leave it out for all")
        if not 0 <= self.hidden_share < 1 or min(self.hidden, default=0) < 0:
            raise InvalidOption(f"hidden {self.hidden} in {self.hidden_share} of windows", "a share in [0, 1)", "")
        if self.schedule not in SCHEDULES:
            raise InvalidOption(f"schedule {self.schedule!r}", f"one of {', '.join(SCHEDULES)}", "choose one")


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one epoch cost and gained."""

    number: int
    train_loss: float
    valid_loss: float
    learning_rate: float
    best: bool


@dataclass(slots=True)
class _State:
    """All that goes on from one epoch to the next."""

    epoch: int
    best_loss: float
    waited: int
    history: list[Epoch]


def fit(
    network: Network, train: Windows, valid: Windows, *,
    recipe: Recipe, seed: int, folder: Path | None = None, progress: Progress | None = None,
) -> list[Epoch]:  # fmt: skip
    """Train in place; the network ends with its best averaged weights.

    Parameters
    ----------
    network : Network
    train, valid : Windows
        ``valid`` decides when to stop: it must lie inside the training window of whoever calls.
    recipe : Recipe
    seed : int
        Of order and dropout. Weights are drawn when the network is built.
    folder : Path, optional
        Where a checkpoint is kept after every epoch; a run found there is resumed.
    progress : callable, optional
        Told each epoch as it ends.

    Returns
    -------
    list of Epoch

    Raises
    ------
    NoData
        If there is not one window to train or to validate on.
    SchemaViolation
        If the checkpoint found is of another run: other data, plan, recipe or seed.
    SchemaViolation
        If the loss stops being a number: the data hold a value that is none, or the rate is too high.
    DeviceLost
        If the device fails; the checkpoint is that of the last whole epoch.
    """
    if not len(train) or not len(valid):
        raise NoData(f"{len(train)} windows to train and {len(valid)} to validate", "one of each or more", "give more")
    device = pick_device(recipe.device)
    network.to(device)
    run = _Run(network, train, valid, recipe, seed, device)
    state = run.resume(folder)
    while state.epoch < recipe.epochs and state.waited < recipe.patience:
        epoch = _guarded(run, state, folder)
        if progress is not None:
            progress(epoch)
        if folder is not None and _rank() == 0:
            checkpoint.save(folder, run.saved(state))
    network.load_state_dict(run.best)
    network.eval()
    return state.history


def _guarded(run: "_Run", state: _State, folder: Path | None) -> Epoch:
    """One epoch; a device that fails under it is named, and what is kept stays as it was."""
    try:
        return run.epoch(state)
    except RuntimeError as error:
        lost = isinstance(error, torch.AcceleratorError | torch.OutOfMemoryError) or "CUDA error" in str(error)
        if not lost:
            raise
        kept = "nothing is kept" if folder is None else f"{len(state.history)} epochs are kept in {folder.name}"
        said = str(error).splitlines()[0]
        fix = f"{kept}; run it again, with a smaller batch if memory is full, or with device cpu"
        raise DeviceLost(f"{run.device} in epoch {state.epoch + 1}: {said}", "a device that stays", fix) from error


def pick_device(asked: str) -> torch.device:
    """The device by name; ``auto`` takes the fastest that is there.

    Raises
    ------
    InvalidOption
        If the device asked for is not there.
    """
    if asked == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    kind = asked.split(":")[0]
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there.get(kind, False):
        have = ", ".join(name for name, found in there.items() if found)
        raise InvalidOption(f"device {asked!r}", f"one that is here: {have}", "choose one of these, or auto")
    return torch.device(asked)


def batches(many: int, size: int, order: Rows | None = None) -> Iterator[Rows]:
    """Row numbers in slices of ``size``, the last one shorter: none is dropped."""
    rows = np.arange(many) if order is None else order
    for start in range(0, many, size):
        yield rows[start : start + size]


def taken_ahead(windows: Windows, steps: Iterable[Rows]) -> Iterator[Batch]:
    """Batches in order, each taken by a thread of its own while the one before it is worked on."""
    with ThreadPoolExecutor(1) as reader:
        coming: deque[Future[Batch]] = deque()
        for rows in steps:
            coming.append(reader.submit(windows.take, rows))
            if len(coming) > _AHEAD:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()


def tensors(batch: Batch, device: torch.device) -> tuple[Tensor | None, ...]:
    """A batch's arrays on the device: x, mask, y, teacher, weight."""
    return tuple(
        None if part is None else torch.from_numpy(np.ascontiguousarray(part)).to(device, non_blocking=True)
        for part in batch
    )


class _Run:
    """One training run on one process; several processes average their gradients."""

    def __init__(
        self, network: Network, train: Windows, valid: Windows, recipe: Recipe, seed: int,
        device: torch.device,
    ) -> None:  # fmt: skip
        self.network, self.train, self.valid = network, train, valid
        self.recipe, self.loss, self.seed, self.device = recipe, recipe.loss, seed, device
        self.stepped: nn.Module = network
        if _world() > 1:
            self.stepped = nn.parallel.DistributedDataParallel(network)
        if recipe.compile:
            self.stepped = torch.compile(self.stepped)  # type: ignore[assignment]
        self.optimizer = torch.optim.AdamW(
            network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self.averaged = copy.deepcopy(network)
        self.kept: list[Tensor] = list(self.averaged.parameters())
        self.now: list[Tensor] = list(network.parameters())
        self.best = copy.deepcopy(network.state_dict())
        self.identity = _identity(network, (train, valid), recipe, seed)
        self.many = min(len(train), recipe.rows or len(train))
        self.steps = len(_joined(list(batches(self.many, recipe.batch)))) * recipe.epochs
        self.step = 0

    def resume(self, folder: Path | None) -> _State:
        fresh = _State(epoch=0, best_loss=float("inf"), waited=0, history=[])
        found = None if folder is None else checkpoint.load(folder, device=self.device)
        if found is None:
            return fresh
        if found["identity"] != self.identity:
            raise SchemaViolation(
                f"a checkpoint of another run in {folder}",
                "one of this data, plan, recipe and seed",
                "name another folder",
            )
        self.network.load_state_dict(found["network"])
        self.averaged.load_state_dict(found["averaged"])
        self.optimizer.load_state_dict(found["optimizer"])
        self.best, self.step = found["best"], found["step"]
        history = [Epoch(*row) for row in found["history"]]
        return _State(found["epoch"], found["best_loss"], found["waited"], history)

    def saved(self, state: _State) -> checkpoint.Saved:
        return {
            "identity": self.identity,
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "best": self.best,
            "step": self.step,
            "epoch": state.epoch,
            "best_loss": state.best_loss,
            "waited": state.waited,
            "history": [
                [one.number, one.train_loss, one.valid_loss, one.learning_rate, one.best] for one in state.history
            ],
        }

    def epoch(self, state: _State) -> Epoch:
        torch.manual_seed(self.seed * 1_000_003 + state.epoch)
        order = np.random.default_rng((self.seed, state.epoch)).permutation(len(self.train))[: self.many]
        self.network.train()
        total = sum(self._step(batch) for batch in taken_ahead(self.train, self._mine(order))) / self.many
        train_loss, valid_loss = _summed(total, self.device), _agreed(self._validate(), self.device)
        self._sound(train_loss, valid_loss, state.epoch)
        better = valid_loss < state.best_loss
        if better:
            self.best = copy.deepcopy(self.averaged.state_dict())
        state.best_loss = min(state.best_loss, valid_loss)
        state.waited = 0 if better else state.waited + 1
        state.epoch += 1
        rate = float(self.optimizer.param_groups[0]["lr"])
        state.history.append(Epoch(state.epoch, train_loss, valid_loss, rate, better))
        return state.history[-1]

    def _mine(self, order: Rows) -> Iterator[Rows]:
        """One process's part of every batch; equal parts, so that the mean of means is the mean."""
        world, rank = _world(), _rank()
        for rows in _joined(list(batches(len(order), self.recipe.batch, order))):
            usable = len(rows) if world == 1 else len(rows) - len(rows) % world
            if usable:
                yield rows[rank:usable:world]

    def _step(self, batch: Batch) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate()
        x, mask, y, teacher, weight = tensors(batch, self.device)
        if mask is None and _world() > 1:  # every weight must take part where gradients are averaged
            mask = torch.ones_like(x, dtype=torch.bool)  # type: ignore[arg-type]
        x, mask = self._hide(x, mask)  # type: ignore[arg-type]
        with self._precision():
            loss = self.loss(self.stepped(x, mask).float(), y, teacher, weight)  # type: ignore[arg-type]
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.clip)
        self.optimizer.step()
        self.step += 1
        self._average()
        return float(loss.detach()) * len(batch.x)

    def _hide(self, x: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """The batch with the hidden channels taken out of some windows, drawn anew in every step."""
        if not self.recipe.hidden or self.recipe.hidden_share == 0:
            return x, mask
        known = torch.ones_like(x, dtype=torch.bool) if mask is None else mask.clone()
        drawn = torch.rand(len(x), device=x.device) < self.recipe.hidden_share
        channels = torch.tensor(self.recipe.hidden, device=x.device)
        gone = torch.zeros(x.shape[2], dtype=torch.bool, device=x.device).index_fill(0, channels, value=True)
        out = drawn[:, None, None] & gone[None, None, :]
        return x.masked_fill(out, 0.0), known & ~out

    def _rate(self) -> float:
        """Of the step to come; see :class:`Recipe`."""
        full, epoch = self.recipe.learning_rate, self.step // (self.steps // self.recipe.epochs)
        if self.recipe.schedule == "cosine":
            return full * self._cosine()
        return (
            full
            * {"constant": 1.0, "halving": 0.5 ** max(0, epoch - 1), "waning": 0.9 ** max(0, epoch - 3)}[
                self.recipe.schedule
            ]
        )

    def _cosine(self) -> float:
        """Linear warm-up over the first tenth, then a half cosine down to a hundredth."""
        warm = max(1, self.steps // 10)
        if self.step < warm:
            return (self.step + 1) / warm
        gone = (self.step - warm) / max(1, self.steps - warm)
        return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(gone, 1.0)))

    def _average(self) -> None:
        """Moving average whose decay grows with the steps made, so that the start is soon forgotten."""
        decay = min(self.recipe.average, (1 + self.step) / (10 + self.step)) if self.recipe.average else 0.0
        with torch.no_grad():
            torch._foreach_lerp_(self.kept, self.now, 1 - decay)
            for kept, now in zip(self.averaged.buffers(), self.network.buffers(), strict=True):
                kept.copy_(now)

    def _validate(self) -> float:
        self.averaged.eval()
        total = 0.0
        with torch.no_grad(), self._precision():
            for rows in batches(len(self.valid), 4 * self.recipe.batch):
                x, mask, y, teacher, weight = tensors(self.valid.take(rows), self.device)
                out = self.averaged(x, mask).float()
                total += float(self.loss(out, y, teacher, weight)) * len(rows)  # type: ignore[arg-type]
        return total / len(self.valid)

    def _precision(self) -> contextlib.AbstractContextManager[object]:
        if self.recipe.precision == "float32":
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)

    def _sound(self, train_loss: float, valid_loss: float, epoch: int) -> None:
        if not (math.isfinite(train_loss) and math.isfinite(valid_loss)):
            found = f"a loss of {train_loss} in training and {valid_loss} in validation in epoch {epoch + 1}"
            raise SchemaViolation(found, "finite losses", "look for NaN in the data, or lower the learning rate")


def _identity(network: Network, parts: tuple[Windows, Windows], recipe: Recipe, seed: int) -> str:
    """Hash of what decides the weights; of the windows, their number and a few hundred of them."""
    digest = hashlib.sha256(f"{network.plan}{recipe}{seed}".encode())
    for windows in parts:
        looked_at = np.unique(np.linspace(0, len(windows) - 1, _LOOKED_AT).astype(np.int64))
        digest.update(f"{len(windows)}".encode())
        for part in windows.take(looked_at):
            digest.update(b"" if part is None else np.ascontiguousarray(part).tobytes())
    return digest.hexdigest()


def _joined(steps: list[Rows]) -> list[Rows]:
    """A last step of one window joins the step before it: batch normalisation needs two."""
    if len(steps) > 1 and len(steps[-1]) == 1:
        steps[-2:] = [np.concatenate(steps[-2:])]
    return steps


def _world() -> int:
    return torch.distributed.get_world_size() if _distributed() else 1


def _rank() -> int:
    return torch.distributed.get_rank() if _distributed() else 0


def _distributed() -> bool:
    return torch.distributed.is_available() and torch.distributed.is_initialized()


def _agreed(value: float, device: torch.device) -> float:
    """The first process's value: all stop at the same epoch, though their roundings may differ."""
    if _world() == 1:
        return value
    held = torch.tensor(value, device=device, dtype=torch.float64)
    torch.distributed.broadcast(held, src=0)
    return float(held)


def _summed(value: float, device: torch.device) -> float:
    """The sum over processes."""
    if _world() == 1:
        return value
    held = torch.tensor(value, device=device, dtype=torch.float64)
    torch.distributed.all_reduce(held)
    return float(held)
