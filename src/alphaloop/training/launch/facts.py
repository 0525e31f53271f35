"""Facts of a machine, read from the text that its tools print: recorded text is as good as a machine."""

import re
from dataclasses import dataclass
from itertools import combinations

from alphaloop.core.errors import UnreadableFile

QUERY = ("index", "name", "memory.total", "memory.used", "driver_version")
"""Columns that ``nvidia-smi --query-gpu`` is asked for."""

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_GPU = re.compile(r"GPU(\d+)")
_NVLINK = re.compile(r"NV(\d+)")
_UNITS = {"kB": 1024, "B": 1}


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU; memory in MiB, none where the driver does not say."""

    index: int
    name: str
    memory: int | None
    used: int | None
    driver: str


@dataclass(frozen=True, slots=True)
class Link:
    """How two GPUs are joined: ``lanes`` of NVLink, 0 where data goes over ``kind`` (PIX, PHB, NODE, SYS) instead."""

    one: int
    other: int
    kind: str
    lanes: int


def gpus(text: str) -> tuple[Gpu, ...]:
    """GPUs from ``nvidia-smi --query-gpu=... --format=csv,noheader,nounits`` with the columns of :data:`QUERY`.

    Raises
    ------
    UnreadableFile
        If a line has other columns.

    Examples
    --------
    >>> gpus("0, NVIDIA A100-SXM4-80GB, 81920, 3, 535.104.05")
    (Gpu(index=0, name='NVIDIA A100-SXM4-80GB', memory=81920, used=3, driver='535.104.05'),)
    >>> gpus("No devices were found")
    ()
    """
    lines = [line.strip() for line in text.splitlines()]
    found = []
    for line in lines:
        if not line or line.lower().startswith("no devices"):
            continue
        parts = [part.strip() for part in line.split(",")]
        if len(parts) != len(QUERY) or not parts[0].isdigit():
            raise UnreadableFile(f"nvidia-smi: '{line}'", ", ".join(QUERY), "look at nvidia-smi itself")
        found.append(Gpu(int(parts[0]), parts[1], _number(parts[2]), _number(parts[3]), parts[4]))
    return tuple(found)


def links(text: str) -> tuple[Link, ...]:
    r"""Links between GPUs from ``nvidia-smi topo -m``; nothing where there is one GPU, or no such table.

    Examples
    --------
    >>> links("\tGPU0\tGPU1\tCPU Affinity\nGPU0\t X \tNV12\t0-63\nGPU1\tNV12\t X \t64-127\n")
    (Link(one=0, other=1, kind='NV12', lanes=12),)
    """
    rows = [_COLOUR.sub("", line).split("\t") for line in text.splitlines()]
    heads = next((row for row in rows if any(_GPU.fullmatch(cell.strip()) for cell in row[1:])), None)
    if heads is None:
        return ()
    columns = {int(match[1]): place for place, cell in enumerate(heads) if (match := _GPU.fullmatch(cell.strip()))}
    cells = {int(match[1]): row for row in rows if (match := _GPU.fullmatch(row[0].strip()))}
    found = []
    for one, other in combinations(sorted(columns.keys() & cells.keys()), 2):
        row = cells[one]
        kind = row[columns[other]].strip() if columns[other] < len(row) else ""
        lanes = _NVLINK.fullmatch(kind)
        found.append(Link(one, other, kind, int(lanes[1]) if lanes else 0))
    return tuple(found)


def memory(text: str) -> dict[str, int]:
    r"""Bytes by name from ``/proc/meminfo``.

    Examples
    --------
    >>> memory("MemTotal:       131072 kB\nMemAvailable:    65536 kB\n")["MemAvailable"]
    67108864
    """
    found = {}
    for line in text.splitlines():
        name, _, value = line.partition(":")
        parts = value.split()
        if parts and parts[0].isdigit():
            found[name.strip()] = int(parts[0]) * _UNITS.get(parts[1] if len(parts) > 1 else "B", 1)
    return found


def _number(text: str) -> int | None:
    """A whole number; none for ``[N/A]`` and the like."""
    return int(float(text)) if re.fullmatch(r"\d+(\.\d+)?", text) else None
