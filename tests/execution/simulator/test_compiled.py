"""The stale-cache guard: machine code on disk is never older than the rules it was made from."""

import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from types import FunctionType

import pytest

import alphaloop
from alphaloop.execution.simulator import compiled

PACKAGE = Path(alphaloop.__file__).parent
PROBE = """
import numpy as np
from alphaloop.core.market import Bars, Instrument
from alphaloop.core.orders import Order
from alphaloop.execution.simulator.compiled import STAMP
from alphaloop.execution.simulator.venue import SimulatedVenue
venue = SimulatedVenue([Instrument("X", slippage=0.5)], 1000.0)
venue.submit([Order("a", "X", 0, 1.0)])
(fill,) = venue.on_bars(Bars(0, 1, ("X",), np.array([[100.0, 101.0, 99.0, 100.0, 1.0, 0.0]])))
print(STAMP, fill.price)
"""


def functions_of(entry: object) -> set[FunctionType]:
    """Every function of ours that the compiled ``entry`` calls, directly or not."""
    found, waiting = set(), [entry]
    while waiting:
        function = getattr(one := waiting.pop(), "py_func", one)
        if not isinstance(function, FunctionType) or function in found:
            continue
        if function.__module__.startswith("alphaloop."):
            found.add(function)
            waiting += [function.__globals__.get(name) for name in function.__code__.co_names]
    return found


@pytest.mark.parametrize("entry", [compiled.step, compiled.run], ids=["step", "run"])
def test_the_stamp_covers_every_file_whose_rules_are_compiled(entry):
    stamped = {Path(str(module.__file__)) for module in compiled._SOURCES}
    own = Path(compiled.__file__)  # numba watches the entry point's own file itself

    files = {Path(function.__code__.co_filename) for function in functions_of(entry)}

    assert len(files) > 3
    assert files - stamped == {own}


def test_the_stamp_is_of_the_sources():
    text = b"".join(Path(str(module.__file__)).read_bytes() for module in compiled._SOURCES)

    assert sha256(text).hexdigest() == compiled.STAMP
    assert sha256(text + b"\n").hexdigest() != compiled.STAMP


@pytest.mark.parametrize("entry", [compiled.step, compiled.run], ids=["step", "run"])
def test_the_stamp_is_part_of_the_cache_key(entry):
    """numba hashes the contents of a closure into the key of its index."""
    cells = [cell.cell_contents for cell in entry.py_func.__closure__]

    assert compiled.STAMP in cells


def probe(folder: Path) -> tuple[str, float]:
    environment = {**os.environ, "PYTHONPATH": str(folder), "NUMBA_CACHE_DIR": str(folder / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", PROBE], capture_output=True, text=True, check=True, env=environment, cwd=folder
    )
    stamp, price = done.stdout.split()
    return stamp, float(price)


@pytest.mark.slow
def test_a_changed_rule_is_compiled_anew(tmp_path):
    """The same cache folder, a kernel in which slippage counts double, and no other file touched."""
    shutil.copytree(PACKAGE, tmp_path / "alphaloop", ignore=shutil.ignore_patterns("__pycache__"))
    before = probe(tmp_path)
    cached = set((tmp_path / "cache").rglob("*.nbc"))
    money = tmp_path / "alphaloop" / "execution" / "simulator" / "money.py"
    text = money.read_text()
    money.write_text(text.replace("(1.0 + side * slip)", "(1.0 + 2.0 * side * slip)"))

    after = probe(tmp_path)

    assert cached
    assert before[1] == 150.0
    assert after[1] == 200.0
    assert before[0] != after[0]
