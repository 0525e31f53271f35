"""Student, teacher and no distillation side by side, and how long each takes to answer.

A student is worth its cost where it keeps what the teacher knows and answers sooner, or knows more. Both are
measured here, and what was hoped for and did not come true is said.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from alphaloop.core.errors import DegenerateData, NoData
from alphaloop.core.market import Floats
from alphaloop.datasets.windows.cut import WindowRows
from alphaloop.hindsight.bootstrap import Blocks, Estimate, paired_difference
from alphaloop.hindsight.signals.rows import Signal
from alphaloop.models.loading import load_forecaster
from alphaloop.training.chain.examples import Examples
from alphaloop.training.chain.run import Json, Walked
from alphaloop.training.liquid.teacher import newest
from alphaloop.training.validation.appraise import scored

FASTER = 20.0
"""How many times faster than the teacher a student has to answer to be called fast."""

_ROWS = 1024
_TIMES = 7


@dataclass(frozen=True, slots=True)
class Details:
    """What the chain says of a symbol beside its candidates.

    Parameters
    ----------
    clock : callable
        Seconds, ascending.
    seed : int
        Of bootstraps.
    """

    clock: Callable[[], float]
    seed: int = 0

    def __call__(self, examples: Examples, walked: Walked) -> Json:
        """``distillation`` by horizon, ``speed``, ``search``.

        Returns
        -------
        dict
            Of each horizon and rival (``teacher``, ``no_distil``) the student's IC less the rival's with its interval,
            and the same of daily net returns; seconds a row of both models at equal rows, and their ratio in words.
        """
        return {
            "distillation": {name: self._compared(walked, name) for name in walked.benches},
            "speed": speed(examples.rows, walked.folder / "final" / "files", self.clock),
            "search": list(walked.searched),
        }

    def _compared(self, walked: Walked, horizon: str) -> Json:
        bench, tried = walked.benches[horizon], walked.tried[horizon]
        signals = {name: scored(bench.panel, bench.folds, one) for name, one in tried.items()}
        found: Json = {}
        for rival in [name for name in tried if name != "student"]:
            pairs = [_agreement(signals[name]) for name in ("student", rival)]
            daily = [tried[name].traded.daily for name in ("student", rival)]
            found[rival] = {
                "ic": self._difference(*pairs),
                "daily_net": self._difference(*daily),
            }
        return found

    def _difference(self, one: Floats, other: Floats) -> Json | None:
        try:
            found = paired_difference(one, other, _mean, Blocks(draws=500, seed=self.seed))
        except (NoData, DegenerateData):  # too few days to say
            return None
        return _told(found)


def speed(rows: WindowRows, files: Path, clock: Callable[[], float]) -> Json:
    """Seconds that student and teacher take for the same rows, windows and rows cut beforehand.

    Returns
    -------
    dict
        ``rows``, ``student_us`` and ``teacher_us`` (microseconds a row, the median of several tries), one row at a time
        as ``student_one_us`` and ``teacher_one_us``, ``ratio`` (how many times faster the student is) and ``says``.
    """
    student, teacher = load_forecaster(files / "student.pt"), load_forecaster(files / "teacher.json")
    some = rows.pick(np.arange(max(0, len(rows) - _ROWS), len(rows)))
    windows, table = some.take(np.arange(len(some))).x, newest(some)
    windows = np.asarray(windows, dtype=np.float64)
    many = {
        "student_us": _each(lambda: student.predict(windows), len(some), clock),
        "teacher_us": _each(lambda: teacher.predict(table), len(some), clock),
        "student_one_us": _each(lambda: student.predict(windows[-1:]), 1, clock),
        "teacher_one_us": _each(lambda: teacher.predict(table[-1:]), 1, clock),
    }
    ratio = many["teacher_us"] / many["student_us"]
    return {"rows": len(some), **many, "ratio": ratio, "says": verdict_on(ratio)}


def verdict_on(ratio: float) -> str:
    """In words.

    Examples
    --------
    >>> verdict_on(0.25)
    'the student is 4.0 times slower than the teacher: distillation buys no speed here'
    """
    if ratio >= FASTER:
        return f"the student is {ratio:.1f} times faster than the teacher"
    if ratio >= 1:
        return f"the student is {ratio:.1f} times faster than the teacher, not {FASTER:g} times as hoped"
    return f"the student is {1 / ratio:.1f} times slower than the teacher: distillation buys no speed here"


def _agreement(signal: Signal) -> Floats:
    """What each row adds to the IC: its mean is the IC."""
    pairs = signal.pairs
    x, y = pairs.x - pairs.x.mean(), pairs.y - pairs.y.mean()
    scale = float(np.sqrt((x**2).mean() * (y**2).mean()))
    return np.asarray(x * y / scale) if scale > 0 else np.zeros(len(x))


def _each(work: Callable[[], Any], rows: int, clock: Callable[[], float]) -> float:
    """Microseconds a row; the first try warms up."""
    work()
    tries = []
    for _ in range(_TIMES):
        began = clock()
        work()
        tries.append(clock() - began)
    return float(np.median(tries)) / rows * 1e6


def _told(found: Estimate) -> Json:
    return {"value": found.value, "interval": None if found.low is None else [found.low, found.high]}


def _mean(rows: Floats) -> float:
    return float(rows.mean())
