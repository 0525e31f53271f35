"""``evaluate oos``, wired: the candidate's walk made again, its figures, bars and page."""

from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from alphaloop.app.evaluating.again import RUNS, Again, again
from alphaloop.app.evaluating.kept import as_bytes, keep, write_copy
from alphaloop.app.evaluating.pages import write_oos
from alphaloop.engine.executor import Executor, Serial
from alphaloop.hindsight.bootstrap import Blocks
from alphaloop.registry.ledger import Ledger
from alphaloop.training.chain.score import Bench
from alphaloop.training.chain.walk import cuts_of, walk
from alphaloop.training.oos import OutOfSample

Json = dict[str, Any]
DOCUMENT, BARS = "oos.json", "oos_bars.parquet"
_ALIKE = 1e-9  # of the IC: what another processor may round otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where an evaluation reads and writes, who asked for it, and with which command."""

    home: Path
    ledger: Ledger
    author: str
    command: str
    executor: Executor = field(default_factory=Serial)
    draws: int = 1000


def evaluate_oos(desk: Desk, name: str) -> Json:
    """Everything a candidate came to on rows it never saw.

    Parameters
    ----------
    desk : Desk
    name : str
        Id of the candidate, or the beginning of it.

    Returns
    -------
    dict
        ``candidate symbol horizon kind chosen``, ``rows forecast money calibration`` as
        :class:`alphaloop.training.oos.OutOfSample` has them, ``reproduced`` (whether the IC is that of the ledger's
        evidence; none where there is none), ``degraded``, ``artifacts`` (hashes by name), ``report_file``.

    Raises
    ------
    UnknownName, InvalidOption, NoData, UnreadableFile
        As :func:`alphaloop.app.evaluating.again.again`.
    """
    made = again(desk.home, desk.ledger, name)
    asked, examples = made.asked, made.examples
    cuts = cuts_of(examples, asked.effort.folds, asked.embargo_us)
    predicted = walk(examples, made.make, cuts, made.fitting(desk.home / RUNS, "oos"), desk.executor)
    bench = Bench(examples, cuts, made.place)
    report = OutOfSample(bench, predicted, asked.embargo_us, Blocks(draws=desk.draws, seed=asked.seed))
    stream = BytesIO()
    report.bars().write_parquet(stream, compression="zstd", statistics=False)
    said = {**named(made, desk), **report.as_dict()}
    said["reproduced"] = _reproduced(made, said["forecast"]["ic"]["value"])
    return _entered(desk, made, said, stream.getvalue())


def named(made: Again, desk: Desk) -> Json:
    """Who is evaluated, and from what."""
    return {
        "format": 1,
        "candidate": made.candidate,
        "symbol": made.symbol,
        "horizon": made.horizon,
        "kind": made.kind,
        "chosen": made.chain.chosen,
        "timeframe": made.asked.timeframe,
        "seed": made.asked.seed,
        "claim": "simulated" if made.examples.simulated == len(made.examples.every) else "real",
        "features": len(made.examples.features),
        "cost": made.examples.cost,
        "degraded": list(made.chain.degraded),
        "trained_by": made.command,
        "command": desk.command,
    }


def _reproduced(made: Again, ic: float | None) -> bool | None:
    held = None if made.evidence is None else made.evidence.ic
    return None if held is None or ic is None else abs(held.value - ic) <= _ALIKE


def _entered(desk: Desk, made: Again, said: Json, bars: bytes) -> Json:
    content, folder = as_bytes(said), desk.home / "reports" / "oos" / made.candidate
    hashes = {
        DOCUMENT: keep(desk.ledger, made.candidate, DOCUMENT, content, author=desk.author),
        BARS: keep(desk.ledger, made.candidate, BARS, bars, author=desk.author),
    }
    write_copy(folder / DOCUMENT, content)
    write_copy(folder / BARS, bars)
    return {**said, "artifacts": hashes, "report_file": str(write_oos(said, folder))}
