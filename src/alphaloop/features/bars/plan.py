"""Plan: which kernels a choice of features needs, each once, and where their columns stand."""

from typing import NamedTuple

import numpy as np

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Floats, Ints
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
    """All runs a schema needs, each once, and which block column each feature takes."""

    jobs: tuple[Job, ...]
    columns: Ints
    width: int

    def fresh(self) -> list[Floats]:
        """What all runs remember before the first bar."""
        return [np.zeros(job.slots) for job in self.jobs]

    def run(self, bars: Floats, first: int, states: list[Floats], out: Floats) -> None:
        """Every run once: rows ``first .. first + m`` of ``bars`` (7, n) to ``out`` (width, m).

        ``states`` is :meth:`fresh` before the first bar, and is carried on.
        """
        for job, state in zip(self.jobs, states, strict=True):
            job.kernel(bars, first, job.params, state, out[job.first : job.stop])


def plan(features: tuple[Feature, ...]) -> Plan:
    """Group features that share a kernel and parameters, so that each run happens once.

    Raises
    ------
    InvalidOption
        If a feature is made from more than bars.
    """
    firsts: dict[tuple[str, tuple[int, ...]], int] = {}
    jobs, columns, width = [], [], 0
    for feature in features:
        family, key = feature.kernel, (feature.family, feature.params)
        if not isinstance(family, Family):
            raise InvalidOption(
                f"feature '{feature.name}' of {' '.join(feature.inputs)}",
                "features of bars alone",
                "build the matrix from the lake: alphaloop features build",
            )
        if key not in firsts:
            firsts[key], stop = width, width + len(family.columns)
            jobs.append(Job(family.kernel, np.array(feature.params, dtype=np.int64), family.slots, width, stop))
            width = stop
        columns.append(firsts[key] + feature.part)
    return Plan(tuple(jobs), np.array(columns, dtype=np.int64), width)
