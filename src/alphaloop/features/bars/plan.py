"""Plan: which kernels a choice of features needs, each once, and where their columns stand."""

from typing import NamedTuple

import numpy as np

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Floats, Ints
from alphaloop.features.bars.calling import ENTRIES, address_of, run_all
from alphaloop.features.contract import Feature
from alphaloop.features.family import Family, Kernel


class Job(NamedTuple):
    """One kernel run: its parameters, state length, and where its columns stand in the block."""

    kernel: Kernel
    params: Ints
    slots: int
    first: int
    stop: int


class Plan(NamedTuple):
    """All runs a schema needs, each once, and which block column each feature takes.

    ``table`` (runs, ENTRIES) and ``numbers`` say the same as ``jobs``, for compiled code.
    """

    jobs: tuple[Job, ...]
    columns: Ints
    width: int
    slots: int
    table: Ints
    numbers: Ints

    def fresh(self) -> Floats:
        """What all runs remember before the first bar: (slots,)."""
        return np.zeros(self.slots)

    def run(self, bars: Floats, first: int, states: Floats, out: Floats) -> None:
        """Every run once, at the rows of ``bars`` from ``first`` on.

        Parameters
        ----------
        bars : float array, shape (7, n), C order
            As a kernel reads them: the asset's own bars since its memory began, or at least
            the last ``lookback + 1`` of them before ``first``.
        first : int
        states : float array, shape (slots,)
            :meth:`fresh` before the first bar; carried on.
        out : float array, shape (width, m), C order
            Written: rows ``first .. first + m``; long columns of :func:`alphaloop.features.bars.lanes.kept`
            past the caches, which is faster where that memory was written before.

        Raises
        ------
        InvalidOption
            If an array is not laid out as said.

        Examples
        --------
        >>> from alphaloop.features.contract import Schema
        >>> from alphaloop.features.family import lay_out
        >>> order = plan(Schema(["close", "ret_1"]).features)
        >>> bars, out = lay_out(np.full((3, 1, 6), 10.0), 0, np.arange(3)), np.empty((2, 3))
        >>> order.run(bars, 0, order.fresh(), out)
        >>> out.tolist()
        [[10.0, 10.0, 10.0], [nan, 0.0, 0.0]]
        """
        sound = bars.flags.c_contiguous and out.flags.c_contiguous and states.shape == (self.slots,)
        if not (sound and len(out) == self.width and first + out.shape[1] <= bars.shape[1]):
            shapes = f"bars {bars.shape}, states {states.shape}, out {out.shape} from row {first}"
            raise InvalidOption(shapes, f"(7, n), ({self.slots},), ({self.width}, m), in C order", "see Plan.run")
        run_all(self.table, self.numbers, bars, first, states, out)


def plan(features: tuple[Feature, ...]) -> Plan:
    """Group features that share a kernel and parameters, so that each run happens once.

    Raises
    ------
    InvalidOption
        If a feature is made from more than bars.
    """
    jobs, columns, width = _jobs(features)
    table, numbers, slots = _table(jobs)
    return Plan(tuple(jobs), np.array(columns, dtype=np.int64), width, slots, table, numbers)


def _jobs(features: tuple[Feature, ...]) -> tuple[list[Job], list[int], int]:
    """The runs, the block column of each feature, and the number of block columns."""
    wanted: dict[str, list[tuple[Family, tuple[int, ...]]]] = {}
    for feature in features:
        if not isinstance(feature.kernel, Family):
            raise InvalidOption(
                f"feature '{feature.name}' of {' '.join(feature.inputs)}",
                "features of bars alone",
                "build the matrix from the lake: alphaloop features build",
            )
        group = feature.family if feature.kernel.together else f"{feature.family} {feature.params}"
        one = (feature.kernel, feature.params)
        if one not in wanted.setdefault(group, []):
            wanted[group].append(one)
    jobs: list[Job] = []
    firsts: dict[tuple[str, tuple[int, ...]], int] = {}
    width = 0
    for sets in wanted.values():
        family = sets[0][0]
        for place, (_, params) in enumerate(sets):
            firsts[family.name, params] = width + place * len(family.columns)
        stop, numbers = width + len(sets) * len(family.columns), [n for _, params in sets for n in params]
        jobs.append(Job(family.kernel, np.array(numbers, dtype=np.int64), len(sets) * family.slots, width, stop))
        width = stop
    return jobs, [firsts[feature.family, feature.params] + feature.part for feature in features], width


def _table(jobs: list[Job]) -> tuple[Ints, Ints, int]:
    """The runs as rows of numbers, all their parameters, and the length of all their states."""
    table, number, slot = np.zeros((len(jobs), ENTRIES), dtype=np.int64), 0, 0
    for row, job in zip(table, jobs, strict=True):
        next_number, next_slot = number + len(job.params), slot + job.slots
        row[:] = address_of(job.kernel), number, next_number, slot, next_slot, job.first, job.stop
        number, slot = next_number, next_slot
    return table, np.concatenate([np.zeros(0, dtype=np.int64), *(job.params for job in jobs)]), slot
