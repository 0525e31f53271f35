"""Other engines in environments of their own, so that none of them decides what we may install.

The first benchmark that needs a peer makes its environment under ``.bench/`` (not committed)
and keeps it. A peer runs as a script of ``benchmarks/peers`` under its own Python, reads one
JSON file and answers with one line of JSON; it measures its CPU seconds itself, so that
neither its start nor the reading of the file counts.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2] / ".bench"
SCRIPTS = Path(__file__).parents[1] / "peers"

PEERS = {
    "vectorbt": ("3.11", ("vectorbt==1.2.0", "vectorbt-rust==1.2.0")),
    "backtesting": ("3.11", ("backtesting==0.6.6",)),
    "jesse": ("3.12", ("jesse==3.5.3",)),
    "freqtrade": ("3.11", ("freqtrade==2026.9",)),
    "jax": ("3.12", ("jax==0.10.2",)),
    "nautilus": ("3.12", ("nautilus_trader==2.0.0rc6",)),
}
"""Name: the Python it needs, and what pip installs."""


class Unavailable(Exception):
    """A peer that cannot be had here; the message says why."""


def interpreter(name: str) -> Path:
    """The peer's own Python, made when it is not there yet.

    Raises
    ------
    Unavailable
        If its Python is missing or its wheels cannot be had.
    """
    version, requirements = PEERS[name]
    python = ROOT / name / "bin" / "python"
    if python.exists():
        return python
    base = _python(version)
    if base is None:
        raise Unavailable(f"{name} needs a python{version} that runs")
    making = ROOT / f"{name}.making"  # a half-made environment must not pass for a whole one
    shutil.rmtree(making, ignore_errors=True)
    for command in (
        [base, "-m", "venv", str(making)],
        [str(making / "bin" / "python"), "-m", "pip", "install", "-q", *requirements],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Unavailable(f"{name}: {(done.stderr.strip().splitlines() or ['no word'])[-1]}")
    making.rename(ROOT / name)
    return python


def _python(version: str) -> str | None:
    """A Python of that version that runs: on the path, or kept by pyenv, whose shims run only what is chosen."""
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [shutil.which(f"python{version}"), *sorted(map(str, kept.glob(f"{version}.*/bin/python{version}")))]
    for one in filter(None, found):
        if subprocess.run([one, "--version"], capture_output=True, check=False).returncode == 0:
            return one
    return None


def ask(name: str, script: str, *words: str) -> dict[str, Any]:
    """The answer of ``benchmarks/peers/<script>.py`` under the peer's Python: its last line, as JSON.

    Raises
    ------
    Unavailable
        If there is no such peer here.
    RuntimeError
        If the script fails.
    """
    command = [str(interpreter(name)), str(SCRIPTS / f"{script}.py"), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr.strip()[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer
