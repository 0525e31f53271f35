"""Models as they are used: how soon one answers, how fast a student is beside its teacher, whether the loader keeps up.

    python benchmarks/bench_models.py [--symbols 10] [--days 420] [--features 64] [--lookback 96] [--batch 1024]

One processor. A made data set of that size lies on disk and windows are cut from its maps, as in training.
Answers are of one symbol's newest window, both horizons with their quantiles, 2000 times: the 99th percentile by
the wall clock and by CPU. Student and teacher answer the same rows. The loader is what stands between the maps and
a step: cutting, masking, scaling; in training it works beside the step, here each is measured alone, in CPU
seconds. Goals: TSMixer 3 ms, LightGBM 1 ms, student 20 times as fast as its teacher, loader below a tenth of a step.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from _rounds import interleaved, keep, peak_mib
from alphaloop.datasets.windows.cut import WindowRows, window_rows
from alphaloop.datasets.windows.store import Description, Store, SymbolRows

STEP_US = 300_000_000
HORIZONS = (12, 48)


def made(folder: Path, options: argparse.Namespace) -> WindowRows:
    """A data set of random features on disk, and all its windows."""
    features = tuple(f"f{place}" for place in range(options.features))
    store = Store(folder)
    store.begin(Description(timeframe="5m", features=features, schema_hash="made", horizons=("1h", "4h"), versions={},
                            made_of={}))  # fmt: skip
    for number in range(options.symbols):
        store.add(symbol(f"S{number}", options.days * 288, options.features, number))
    held = [store.rows(name) for name in store.symbols]
    return window_rows(held, lookback=options.lookback, horizons=(0, 1))


def symbol(name: str, rows: int, features: int, seed: int) -> SymbolRows:
    """Random walks' features, a tenth of them unknown, and returns that one of them foretells a little."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((rows, features), dtype=np.float32)
    values[:, -features // 10 :] = np.nan
    now = STEP_US * (1 + np.arange(rows, dtype=np.int64))
    fwd = np.stack([0.001 * (0.2 * values[:, 0] + rng.standard_normal(rows)) for _ in HORIZONS], axis=1)
    ends = now[:, None] + STEP_US * np.array(HORIZONS)
    flat = np.full((rows, 2), 0.0012)
    return SymbolRows(
        name, now, values, fwd, flat, flat, fwd, ends, np.ones(rows, dtype=bool), fwd[:, 0], flat[:, 0]
    )  # fmt: skip


def percentiles(answer: Callable[[], object], times: int) -> dict[str, float]:
    """Milliseconds of one answer, by the wall clock and of the CPU."""
    for _ in range(20):
        answer()
    wall, cpu = np.empty(times), np.empty(times)
    for turn in range(times):
        started, spent = time.perf_counter(), time.process_time()
        answer()
        wall[turn], cpu[turn] = time.perf_counter() - started, time.process_time() - spent
    return {
        f"{word}_p{share}_ms": round(1e3 * float(np.percentile(of, share)), 3)
        for word, of in (("wall", wall), ("cpu", cpu))
        for share in (50, 99)
    }


def main() -> None:
    """Build, fit a little, measure."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, size in {
        "symbols": 10,
        "days": 420,
        "features": 64,
        "lookback": 96,
        "batch": 1024,
        "times": 2000,
    }.items():
        words.add_argument(f"--{name}", type=int, default=size)
    options = words.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = made(Path(folder) / "set", options)
        figures = {"rows": len(rows), "options": vars(options), **measured(rows, options)}
    keep("models", {**figures, "peak_mib": round(peak_mib())})


def measured(rows: WindowRows, options: argparse.Namespace) -> dict[str, object]:
    """All figures."""
    import torch

    from alphaloop.models.gbm import Boosting, GradientBoosting
    from alphaloop.models.sequence.fitting import Recipe
    from alphaloop.models.sequence.forecaster import SequenceForecaster, Training
    from alphaloop.models.sequence.scaling import Scaling

    torch.set_num_threads(1)
    some = rows.pick(np.arange(0, len(rows), max(1, len(rows) // 20_000)))
    cut = int(0.8 * len(some))
    early, late = some.pick(np.arange(cut)), some.pick(np.arange(cut, len(some)))
    recipe = Recipe(epochs=1, batch=256, rows=4096, device="cpu")
    student = SequenceForecaster(Training(backbone="tsmixer", recipe=recipe))
    student.learn(early, late, Scaling.of(early.newest(), early.targets))
    teacher = GradientBoosting(Boosting(rounds=300, held_out=0.0, min_rows=200, feature_share=0.5))
    teacher.fit(early.newest()[:, None].astype(np.float64), early.targets)
    one = rows.take(np.array([len(rows) - 1])).x
    newest = one[:, -1:].astype(np.float64)
    many = np.arange(0, len(rows), max(1, len(rows) // 1024))[:1024]
    windows = rows.take(many).x
    table = windows[:, -1:].astype(np.float64)
    speed = interleaved(
        {"student": lambda: student.predict(windows), "teacher": lambda: teacher.predict(table)}, rounds=7
    )
    return {
        "answer": {
            "tsmixer": percentiles(lambda: student.predict(one).quantile(0.5), options.times),
            "lightgbm": percentiles(lambda: teacher.predict(newest).quantile(0.5), options.times),
            "trees": teacher.trees,
        },
        "equal_rows": {
            "rows": len(many),
            "cpu_us_per_row": {name: round(1e6 * one["cpu_s"] / len(many), 2) for name, one in speed.items()},
            "student_is_faster_by": round(speed["teacher"]["cpu_s"] / speed["student"]["cpu_s"], 2),
        },
        "loader": loader(rows, options, Scaling.of(early.newest(), early.targets)),
    }


def loader(rows: WindowRows, options: argparse.Namespace, scaling: object) -> dict[str, object]:
    """CPU of the loader and of a step, of one batch, for each backbone."""
    import torch

    from alphaloop.models.sequence.fitting import tensors
    from alphaloop.models.sequence.levels import LEVELS
    from alphaloop.models.sequence.losses import Loss
    from alphaloop.models.sequence.network import Network, Plan
    from alphaloop.models.sequence.scaling import Scaled, Scaling

    assert isinstance(scaling, Scaling)
    scaled, rng = Scaled(rows, scaling), np.random.default_rng(0)
    loss = Loss(quantiles=LEVELS)
    ready = tensors(scaled.take(rng.integers(len(rows), size=options.batch)), torch.device("cpu"))

    def step_of(backbone: str) -> Callable[[], object]:
        torch.manual_seed(0)
        network = Network(Plan(backbone=backbone, lookback=options.lookback, channels=options.features,
                               horizons=len(HORIZONS), quantiles=LEVELS))  # fmt: skip
        optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)

        def step() -> None:
            x, mask, y, teacher, weight = ready
            optimizer.zero_grad(set_to_none=True)
            loss(network(x, mask), y, teacher, weight).backward()
            optimizer.step()

        return step

    names = ("tsmixer", "itransformer", "rlinear")
    jobs = {"load": lambda: scaled.take(rng.integers(len(rows), size=options.batch))}
    spent = interleaved({**jobs, **{name: step_of(name) for name in names}}, rounds=5)
    load = spent["load"]["cpu_s"]
    return {
        "load_cpu_ms": round(1e3 * load, 1),
        "step_cpu_ms": {name: round(1e3 * spent[name]["cpu_s"], 1) for name in names},
        "share_of_step": {name: round(load / spent[name]["cpu_s"], 4) for name in names},
    }


if __name__ == "__main__":
    main()
