"""The plan of a run: how many processes, with which environment; or, by name, what stands in the way.

One process for each GPU, and one where there is none. Only chains that fit networks have
anything to share; the others run as one process, and the plan says so.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from alphaloop.core.errors import InvalidOption, UnknownName
from alphaloop.training.launch.machine import Machine

SHARING = ("liquid", "backbones")
ALONE = ("vc", "multimodal")
PORT, LAST_PORT = 29_500, 29_999
WORKER = "alphaloop.app.cli.train.worker"
NPROC, DDP, FOLDER = "TRAIN_NPROC_PER_NODE", "LIQUID_SYMBOL_DDP", "TRAIN_RUN_FOLDER"
THREADS = ("OMP_NUM_THREADS", "POLARS_MAX_THREADS")
GIB = 1024**3
BUSY = 0.5  # share of a GPU's memory in use from which somebody else seems to work there

_TOLD = ("CUDA_", "NCCL_", "GLOO_", "OMP_", "POLARS_", "TRAIN_", "LIQUID_", "SIGNAL_", "TORCH")
_SECRET = ("KEY", "SECRET", "TOKEN", "PASSWORD", "URL", "CREDENTIAL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for.

    Parameters
    ----------
    words : tuple of str
        Of the training command, e.g. ``("liquid", "--symbols", "BTCUSDT")``.
    home : str
    nproc : int, optional
        Processes; by the machine where left out.
    port : int, optional
        Where they meet; the first free one from :data:`PORT` where left out.
    min_free_gb : float, GiB
        Disk that must be free.

    Raises
    ------
    UnknownName
        If there is no such training command.
    InvalidOption
        If a number is out of range.
    """

    words: tuple[str, ...]
    home: str
    nproc: int | None = None
    port: int | None = None
    min_free_gb: float = 2.0

    def __post_init__(self) -> None:
        if not self.words or self.words[0] not in (*SHARING, *ALONE):
            found = f"training command '{self.words[0]}'" if self.words else "no training command"
            raise UnknownName(found, f"one of {', '.join((*SHARING, *ALONE))} after --", "e.g. -- liquid --symbols X")
        if (self.nproc is not None and self.nproc < 1) or not self.min_free_gb >= 0:
            raise InvalidOption(f"--nproc {self.nproc}, {self.min_free_gb} GB free", "1 or more; 0 or more", "")
        if self.port is not None and not 1024 <= self.port <= 65_535:
            raise InvalidOption(f"--port {self.port}", "1024 to 65535", "leave it out")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a run is started.

    Parameters
    ----------
    nproc : int
    backend : {"nccl", "gloo", "none"}
        How processes talk; none where there is one.
    port : int or None
    command : tuple of str
    env : mapping
        What is added to the environment.
    reasons : tuple of str
        What stands in the way; empty: ready.
    notes : tuple of str
        What is worth knowing.
    """

    nproc: int
    backend: str
    port: int | None
    command: tuple[str, ...]
    env: Mapping[str, str]
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ready(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.reasons

    def as_dict(self) -> dict[str, Any]:
        """For ``--json`` and the record."""
        return {**asdict(self), "ready": self.ready}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What only the caller can look at.

    Parameters
    ----------
    tables : mapping of table to version
        Of the lake.
    devices : int or None
        GPUs that torch sees; none where torch is not installed.
    running : str
        Who works on this very run; empty: nobody.
    taken : callable
        Whether a port is.
    chosen : frozenset of str
        Variables of the environment that the user has set: how many threads is his to say.
    """

    tables: Mapping[str, int] = field(default_factory=dict)
    devices: int | None = None
    running: str = ""
    taken: Callable[[int], bool] = lambda _port: False
    chosen: frozenset[str] = frozenset()


def plan_of(wish: Wish, machine: Machine, seen: Seen, folder: str) -> Plan:
    """The plan for a wish on a machine.

    Parameters
    ----------
    wish : Wish
    machine : Machine
    seen : Seen
    folder : str
        Of the run's record.

    Examples
    --------
    >>> wish = Wish(words=("liquid", "--symbols", "BTCUSDT"), home=".alphaloop")
    >>> plan = plan_of(wish, Machine(cores=8, disk_free=10 * GIB), Seen(tables={"market_bars": 1}, devices=0), "run")
    >>> plan.ready, plan.nproc, plan.env["OMP_NUM_THREADS"], plan.notes
    (True, 1, '8', ('no GPU: networks train on the CPU',))
    """
    shares = wish.words[0] in SHARING
    nproc = (wish.nproc or max(1, len(machine.gpus))) if shares else 1
    port = None if nproc == 1 else wish.port or _free(seen.taken)
    threads = str(max(1, machine.cores // nproc))
    env = {name: threads for name in THREADS if name not in seen.chosen}
    env |= {NPROC: str(nproc), DDP: "1" if nproc > 1 else "0", FOLDER: folder, "PYTHONUNBUFFERED": "1"}
    worker = ("-m", WORKER, *wish.words)
    meeting = ("-m", "torch.distributed.run", f"--nproc_per_node={nproc}", f"--master_port={port}")
    backend = "none" if nproc == 1 else "nccl" if machine.gpus else "gloo"
    return Plan(
        nproc=nproc,
        backend=backend,
        port=port,
        command=(sys.executable, *worker) if nproc == 1 else (sys.executable, *meeting, *worker),
        env=env,
        reasons=tuple(_reasons(wish, machine, seen, nproc, port)),
        notes=tuple(_notes(wish, machine, nproc)),
    )


def told(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables of an environment that decide how a run goes, without any that may be secret.

    Examples
    --------
    >>> told({"CUDA_VISIBLE_DEVICES": "0", "NCCL_API_KEY": "x", "HOME": "/root"})
    {'CUDA_VISIBLE_DEVICES': '0'}
    """
    return {
        name: value
        for name, value in sorted(environ.items())
        if name.startswith(_TOLD) and not any(word in name.upper() for word in _SECRET)
    }


def _reasons(wish: Wish, machine: Machine, seen: Seen, nproc: int, port: int | None) -> list[str]:
    here = len(machine.gpus)
    found = []
    if seen.running:
        found.append(f"this run is going on: {seen.running}")
    if "market_bars" not in seen.tables:
        found.append("no bars in the lake: run alphaloop data import, fetch or simulate")
    if wish.words[0] in SHARING and seen.devices is None:
        found.append("torch is not installed: pip install 'alphaloop[torch]'")
    if here and nproc > here:
        found.append(f"{nproc} processes on {here} GPU{'s' * (here > 1)}: pass --nproc {here} or less")
    if here and seen.devices is not None and seen.devices < min(nproc, here):
        found.append(f"the driver shows {here} GPUs, torch sees {seen.devices}: install a torch for this driver")
    if machine.disk_free < wish.min_free_gb * GIB:
        found.append(f"{machine.disk_free / GIB:.1f} GiB free where the home is, {wish.min_free_gb:g} are needed")
    if nproc > 1 and _option(wish.words, "--executor") not in (None, "serial"):
        found.append(f"--executor with {nproc} processes: folds come one after the other, leave it out")
    if nproc > 1 and port is None:
        found.append(f"no free port from {PORT} to {LAST_PORT}: pass --port")
    if wish.port is not None and nproc > 1 and seen.taken(wish.port):
        found.append(f"port {wish.port} is taken: leave --port out")
    return [*found, *(f"cannot look at GPUs: {said}" for said in machine.said)]


def _notes(wish: Wish, machine: Machine, nproc: int) -> list[str]:
    found = []
    if not machine.gpus and wish.words[0] in SHARING:
        found.append("no GPU: networks train on the CPU")
    if wish.words[0] in ALONE and (wish.nproc or len(machine.gpus)) > 1:
        found.append(f"{wish.words[0]} fits nothing that could be shared: one process")
    if nproc > 1 and machine.gpus and not machine.nvlink:
        found.append("no NVLink between all GPUs: gradients go over the bus")
    if nproc > machine.cores:
        found.append(f"{nproc} processes on {machine.cores} cores")
    busy = [one.index for one in machine.gpus if one.memory and one.used and one.used > BUSY * one.memory]
    return [*found, *(f"GPU {index} is in use: more than half of its memory" for index in busy)]


def _option(words: Sequence[str], name: str) -> str | None:
    """What an option of the training command says; none where it is left out."""
    for place, word in enumerate(words):
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
        if word == name and place + 1 < len(words):
            return words[place + 1]
    return None


def _free(taken: Callable[[int], bool]) -> int | None:
    return next((port for port in range(PORT, LAST_PORT + 1) if not taken(port)), None)


def words_of(words: Sequence[str], *, json: bool) -> tuple[str, ...]:
    """The training command, printing JSON where that is asked for.

    Examples
    --------
    >>> words_of(["vc"], json=True)
    ('vc', '--json')
    """
    return (*words, "--json") if json and "--json" not in words else tuple(words)
