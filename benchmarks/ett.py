"""The published long-horizon protocol, with our backbones and our trainer.

Any CSV or Parquet with a ``date`` column and numeric series: rows 8640/2880/2880 train,
validate and test (the rest is unused), scaling by the train rows, every window of stride
one and none dropped, mean squared and absolute error over all series in scaled units.

    python benchmarks/ett.py --data ETTh1.csv --model patchtst --lookback 336 --horizon 96 --json

Published for ETTh1 and horizon 96 (mean squared error): DLinear .386 at lookback 96 and
.375 at 336, RLinear .386 at 96, iTransformer .386 at 96, PatchTST .375 at 336, TSMixer
.361 at 512. Rows of other lookbacks are not comparable.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from alphaloop.core.errors import AlphaloopError, NoData, SchemaViolation, UnknownLayout

TRAIN, VALID, TEST = 8640, 2880, 2880

#: What each paper's own code builds for ETTh1, and the lookback its figure is published at.
PLANS: dict[str, dict[str, Any]] = {
    "rlinear": {"instance_norm": True, "affine": True, "dropout": 0.0},
    "dlinear": {"dropout": 0.0},
    "tsmixer": {
        "instance_norm": True, "affine": True, "dropout": 0.0,
        "settings": {"blocks": 6, "hidden": 512, "dropout": 0.9},
    },
    "itransformer": {
        "instance_norm": True, "dropout": 0.0,
        "settings": {"width": 256, "hidden": 256, "layers": 2, "heads": 8, "dropout": 0.1},
    },
    "patchtst": {
        "instance_norm": True, "dropout": 0.0,
        "settings": {"patch": 16, "width": 16, "layers": 3, "heads": 4, "dropout": 0.3},
    },
    "tft": {"instance_norm": True, "settings": {"width": 64, "heads": 4, "dropout": 0.1}},
}  # fmt: skip
LOOKBACKS = {"rlinear": 96, "dlinear": 336, "tsmixer": 512, "itransformer": 96, "patchtst": 336, "tft": 96}

#: What it is trained with: batch, rate and schedule are the papers'. The linear ones have one best answer, which
#: our own schedule finds in fewer steps; PatchTST's hundred epochs end at forty, when its rate is a fiftieth.
RECIPES: dict[str, dict[str, Any]] = {
    "rlinear": {"batch": 32, "learning_rate": 1e-3, "epochs": 20, "patience": 4},
    "dlinear": {"batch": 32, "learning_rate": 1e-3, "epochs": 20, "patience": 4},
    "tsmixer": {"batch": 32, "learning_rate": 1e-4, "epochs": 100, "patience": 5, "schedule": "constant"},
    "itransformer": {"batch": 32, "learning_rate": 1e-4, "epochs": 10, "patience": 3, "schedule": "halving"},
    "patchtst": {"batch": 128, "learning_rate": 1e-4, "epochs": 40, "patience": 10, "schedule": "waning"},
    "tft": {"batch": 64, "learning_rate": 1e-3, "epochs": 10, "patience": 3},
}


def read(path: Path) -> np.ndarray:
    """The series in row order, shape (T, F), float64."""
    try:
        frame = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, try_parse_dates=True)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UnknownLayout(f"{path.name}: {error}", "a CSV or Parquet file", "check the path") from error
    if "date" not in frame.columns:
        found = f"columns {', '.join(frame.columns[:8])}"
        raise UnknownLayout(found, "a column `date` and numeric series", "rename the time column")
    values = frame.sort("date").drop("date")
    wrong = [name for name, kind in values.schema.items() if not kind.is_numeric()]
    if wrong or not values.width:
        raise SchemaViolation(f"series that are not numbers: {wrong}", "numbers", "drop them")
    series = values.cast(pl.Float64).to_numpy()
    if not np.isfinite(series).all():
        raise SchemaViolation(f"{int((~np.isfinite(series)).sum())} values missing", "none", "fill or drop them")
    needed = TRAIN + VALID + TEST
    if len(series) < needed:
        raise NoData(f"{len(series)} rows", f"{needed} or more", "give the whole file")
    return series[:needed]


def scaled(series: np.ndarray) -> np.ndarray:
    """By mean and deviation of the train rows alone."""
    mean, deviation = series[:TRAIN].mean(axis=0), series[:TRAIN].std(axis=0)
    return ((series - mean) / np.where(deviation > 0, deviation, 1.0)).astype(np.float32)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Fit, then judge every test window."""
    import torch

    from alphaloop.models.sequence.fitting import Recipe, batches, fit, tensors
    from alphaloop.models.sequence.losses import Loss
    from alphaloop.models.sequence.network import Network, Plan
    from alphaloop.models.windows import SeriesWindows

    series = scaled(read(options.data))
    lookback, horizon = options.lookback or LOOKBACKS[options.model], options.horizon
    ends = (TRAIN, TRAIN + VALID, TRAIN + VALID + TEST)
    starts = (lookback, ends[0], ends[1])  # validation and test borrow the rows before them as context
    train, valid, test = (
        SeriesWindows(series[:end], lookback, horizon, start, end - horizon)
        for start, end in zip(starts, ends, strict=True)
    )
    started = time.perf_counter()
    torch.manual_seed(options.seed)
    shape = {"lookback": lookback, "channels": series.shape[1], "horizons": horizon, "every_channel": True}
    network = Network(Plan(backbone=options.model, **shape, **PLANS[options.model]))
    chosen = {
        **RECIPES[options.model],
        "device": options.device,
        "average": 0.0,
        "weight_decay": 0.0,
        "clip": float("inf"),
    }
    if options.epochs:
        chosen["epochs"] = options.epochs
    history = fit(
        network, train, valid, recipe=Recipe(**chosen, loss=Loss(huber=float("inf"))), seed=options.seed,
        progress=None if options.json else _tell,
    )  # fmt: skip
    device = next(network.parameters()).device
    square = absolute = 0.0
    with torch.no_grad():
        for rows in batches(len(test), 256):
            x, _, y, _, _ = tensors(test.take(rows), device)
            miss = (network(x) - y).double()
            square += float((miss**2).sum())
            absolute += float(miss.abs().sum())
    cells = len(test) * horizon * series.shape[1]
    return {
        "mse": square / cells, "mae": absolute / cells, "windows": len(test),
        "seconds": round(time.perf_counter() - started, 1), "model": options.model, "lookback": lookback,
        "horizon": horizon, "epochs": len(history), "seed": options.seed,
        "parameters": sum(part.numel() for part in network.parameters()),
    }  # fmt: skip


def _tell(epoch: Any) -> None:
    star = "*" if epoch.best else " "
    sys.stderr.write(f"epoch {epoch.number:3d}  train {epoch.train_loss:.4f}  valid {epoch.valid_loss:.4f} {star}\n")


def main() -> int:
    """Parse, run, print."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--data", type=Path, help="CSV or Parquet: `date` and numeric series")
    words.add_argument("--model", choices=sorted(PLANS), default="dlinear")
    words.add_argument("--lookback", type=int, default=0, help="rows; 0 is the one the model's figure is published at")
    words.add_argument("--horizon", type=int, default=96)
    words.add_argument("--epochs", type=int, default=0, help="at most; 0 is the model's own")
    words.add_argument("--seed", type=int, default=2021)
    words.add_argument("--device", default="auto")
    words.add_argument("--json", action="store_true")
    options = words.parse_args()
    if options.data is None:
        sys.stdout.write("skipped: give --data FILE, a CSV in the layout of ETTh1\n")
        return 0
    try:
        result = run(options)
    except AlphaloopError as error:
        sys.stderr.write(f"{type(error).__name__}: found {error.found}; expected {error.expected}; {error.fix}\n")
        return 2
    sys.stdout.write(json.dumps(result) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
