"""A command as a process group of its own, its output copied to files as it comes."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import IO

Tell = Callable[[str], None]

_GRACE_S = 10.0  # to end by itself after it was asked to


def run(command: Sequence[str], env: Mapping[str, str], *, log: Path, out: Path, tell: Tell | None = None) -> int:
    """Run a command to its end; its exit code, below zero for the signal that killed it.

    Parameters
    ----------
    command : sequence of str
    env : mapping
        The whole environment.
    log, out : Path
        What it says on standard error is added to ``log``; ``out`` has what it printed, and nothing older.
    tell : callable, optional
        Told each line of standard error.
    """
    with (
        log.open("a", encoding="utf-8") as said,
        out.open("w", encoding="utf-8") as printed,
        subprocess.Popen(  # noqa: S603 - the plan of this very run
            command, env=dict(env), stdout=printed, stderr=subprocess.PIPE, text=True, errors="replace",
            start_new_session=True,
        ) as process,
    ):  # fmt: skip
        assert process.stderr is not None  # it is a pipe
        reader = Thread(target=_copy, args=(process.stderr, said, tell), daemon=True)
        reader.start()
        try:
            code = process.wait()
        except BaseException:  # interrupted: nothing of it may be left behind
            _end(process)
            raise
        reader.join()
        return code


def _copy(source: IO[str], target: IO[str], tell: Tell | None) -> None:
    for line in source:
        target.write(line)
        target.flush()
        if tell is not None:
            tell(line.rstrip("\n"))


def _end(process: "subprocess.Popen[str]") -> None:
    """Ask the whole group to end, then make it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
