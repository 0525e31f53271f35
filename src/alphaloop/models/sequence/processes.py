"""Several processes, one leader: only the leader decides what to fit, all of them fit it.

Started by ``torchrun``, each process enters :func:`together`. The leader goes on with its work;
whenever it comes to a fit, it lays the network and the windows into a file, calls the
others to it, and they share every batch. So nothing but a fit runs more than once, and no
process but the leader writes anything. The processes are on one machine.
"""

import os
import pickle
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch

from alphaloop.models.sequence.fitting import Recipe, fit
from alphaloop.models.sequence.network import Network
from alphaloop.models.windows import Windows

_PATIENCE = timedelta(days=30)  # between two fits the leader may work for long


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Job:
    """A fit, as :func:`alphaloop.models.sequence.fitting.fit` takes it."""

    network: Network
    train: Windows
    valid: Windows
    recipe: Recipe
    seed: int
    folder: Path | None


@dataclass(frozen=True, slots=True)
class Role:
    """Who a process is: ``rank`` of ``world``; the leader is the first."""

    rank: int
    world: int

    @property
    def leads(self) -> bool:
        """Whether it decides and writes."""
        return self.rank == 0


_calling: list[tuple[Any, Path]] = []
"""Where the leader calls the others: the group of processes, and the file it lays a fit into."""


@contextmanager
def together(environ: Mapping[str, str]) -> Iterator[Role]:
    """Meet the processes that ``torchrun`` started beside this one; alone where it started none.

    Parameters
    ----------
    environ : mapping
        ``RANK WORLD_SIZE LOCAL_RANK MASTER_ADDR MASTER_PORT``, as torchrun sets them.

    Examples
    --------
    >>> with together({}) as role:
    ...     role.leads, role.world
    (True, 1)
    """
    role = Role(int(environ.get("RANK", "0")), int(environ.get("WORLD_SIZE", "1")))
    if role.world == 1:
        yield role
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(environ.get("LOCAL_RANK", "0")))
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    torch.distributed.init_process_group(backend, rank=role.rank, world_size=role.world, timeout=_PATIENCE)
    group = torch.distributed.new_group(backend="gloo", timeout=_PATIENCE)
    try:
        with tempfile.TemporaryDirectory(prefix="alphaloop-") as folder:
            _calling[:] = [(group, Path(folder) / "job")]
            try:
                yield role
            finally:
                if role.leads:
                    _call(None)
                _calling.clear()
    finally:
        torch.distributed.destroy_process_group()


def share(job: Job) -> None:
    """Call the other processes to a fit that this one is about to begin; nothing where there is none."""
    if not _calling or torch.distributed.get_rank() != 0:
        return
    path = _calling[0][1]
    with path.open("wb") as file:
        pickle.dump(job, file, protocol=5)
        file.flush()
        os.fsync(file.fileno())
    _call(path)


def follow(done: Callable[[Job], None] | None = None) -> int:
    """Take part in every fit the leader comes to, until it has no more; how many there were.

    Parameters
    ----------
    done : callable, optional
        Told each fit when it is done, its network fitted.
    """
    count = 0
    while (path := _call(None)) is not None:
        with path.open("rb") as file:
            job: Job = pickle.load(file)  # noqa: S301 - the leader of this very run has just written it
        fit(job.network, job.train, job.valid, recipe=job.recipe, seed=job.seed, folder=job.folder)
        count += 1
        if done is not None:
            done(job)
    return count


def _call(path: Path | None) -> Path | None:
    """What the leader says to all: where the next fit lies, or that there is none."""
    said: list[Path | None] = [path]
    torch.distributed.broadcast_object_list(said, src=0, group=_calling[0][0])
    return said[0]
