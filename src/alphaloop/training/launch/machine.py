"""What is here to train on: GPUs and how they are joined, cores, memory, disk, packages.

A machine without a tool has none of what the tool would tell; a tool that fails says why, in ``said``.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from alphaloop.core.errors import UnreadableFile
from alphaloop.registry.lineage import environment
from alphaloop.training.launch.facts import QUERY, Gpu, Link, gpus, links, memory

_PATIENCE_S = 30.0  # for a tool of the driver to answer
_ASK = ("nvidia-smi", f"--query-gpu={','.join(QUERY)}", "--format=csv,noheader,nounits")
_TOPOLOGY = ("nvidia-smi", "topo", "-m")

Ask = Callable[[Sequence[str]], str]
"""Runs a command and returns what it printed; raises OSError or SubprocessError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What is here.

    Parameters
    ----------
    gpus : tuple of Gpu
    links : tuple of Link
    cores : int
        This process may use.
    memory, memory_free : int, bytes
        0 where it cannot be told.
    disk_free : int, bytes
        Where the home is.
    packages : mapping of name to version
    said : tuple of str
        What tools complained of.
    """

    gpus: tuple[Gpu, ...] = ()
    links: tuple[Link, ...] = ()
    cores: int = 1
    memory: int = 0
    memory_free: int = 0
    disk_free: int = 0
    packages: Mapping[str, str] = field(default_factory=dict)
    said: tuple[str, ...] = ()

    @property
    def nvlink(self) -> bool:
        """Whether all GPUs are joined by NVLink, two by two."""
        return bool(self.links) and all(link.lanes for link in self.links)

    def as_dict(self) -> dict[str, Any]:
        """For ``--json`` and the record."""
        return {**asdict(self), "nvlink": self.nvlink}


def machine_here(home: Path, ask: Ask | None = None) -> Machine:
    """Look around.

    Parameters
    ----------
    home : Path
        Need not exist yet.
    ask : callable, optional
        How commands are run; as processes where left out.
    """
    found, joined, said = _driver(ask or asked)
    ram = _memory()
    return Machine(
        gpus=found,
        links=joined,
        cores=cores_here(),
        memory=ram.get("MemTotal", 0),
        memory_free=ram.get("MemAvailable", 0),
        disk_free=shutil.disk_usage(_existing(home)).free,
        packages=dict(environment()),
        said=said,
    )


def asked(command: Sequence[str]) -> str:
    """What a command prints, as :data:`Ask`."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=True)  # noqa: S603 - ours
    return done.stdout


def cores_here() -> int:
    """Processors this process may use, which a container may have fewer of than the machine."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _driver(ask: Ask) -> tuple[tuple[Gpu, ...], tuple[Link, ...], tuple[str, ...]]:
    """GPUs, links, complaints."""
    try:
        found = gpus(ask(_ASK))
    except FileNotFoundError:  # no driver: no GPU
        return (), (), ()
    except (OSError, subprocess.SubprocessError, UnreadableFile) as error:
        return (), (), (f"nvidia-smi: {_why(error)}",)
    if len(found) < 2:
        return found, (), ()
    try:
        return found, links(ask(_TOPOLOGY)), ()
    except (OSError, subprocess.SubprocessError) as error:
        return found, (), (f"nvidia-smi topo: {_why(error)}",)


def _why(error: Exception) -> str:
    text = str(getattr(error, "stderr", "") or getattr(error, "stdout", "") or error)
    return " ".join(text.split())[:200]


def _memory() -> dict[str, int]:
    try:
        return memory(Path("/proc/meminfo").read_text(encoding="utf-8"))
    except OSError:  # another system: its memory is not told
        return {}


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    return next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())
