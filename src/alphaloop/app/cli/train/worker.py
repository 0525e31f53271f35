"""One process of a launched run: the leader runs the training command, the others take part in its fits.

Started by :mod:`alphaloop.app.cli.train.launch`, never by hand. The leader holds the run's lock for as
long as it lives, and leaves its exit code in the record: ``torchrun`` would take a verdict that did
not pass for a crash.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

CRASHED = 70
SAID = (0, 1, 2)  # exit codes by which a command says something; any other is a crash


def work(words: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run ``alphaloop train WORDS`` among the processes of the environment; 0 when it came to its own end.

    Parameters
    ----------
    words : sequence of str
        The training command, e.g. ``("liquid", "--symbols", "BTCUSDT")``.
    environ : mapping
        ``TRAIN_RUN_FOLDER``, ``LIQUID_SYMBOL_DDP``, and what torchrun sets.
    """
    from alphaloop.training.launch.plan import DDP, FOLDER

    folder, rank = Path(environ[FOLDER]), environ.get("RANK", "0")
    if environ.get("WORLD_SIZE", "1") == "1" or environ.get(DDP) == "0":
        return lead(words, folder) if rank == "0" else 0
    from alphaloop.models.sequence.processes import follow, together

    with together(environ) as role:
        if role.leads:
            return lead(words, folder)
        follow()
    return 0


def lead(words: Sequence[str], folder: Path) -> int:
    """Run the command alone, hold the lock meanwhile, and note the exit code."""
    from alphaloop.app.cli.main import main
    from alphaloop.training.launch.record import Lock, Record

    lock, record = Lock(folder), Record(folder)
    if not lock.take(f"process {os.getpid()}"):
        sys.stderr.write(f"this run is going on: {lock.holder()}\n")
        record.note_code(2)
        return 0
    try:
        sys.argv = ["alphaloop", "train", *words]  # what a run says it was started by is the same launched or not
        code = main(["train", *words])
        record.note_code(code)
        return 0 if code in SAID else CRASHED
    finally:
        lock.release()


if __name__ == "__main__":
    sys.exit(work(sys.argv[1:], os.environ))
