"""The command line as a function, and files to feed it."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any, NamedTuple

from alphaloop.app.cli.main import main
from alphaloop.core.time import MINUTE_US, iso

START = 1_735_689_600_000_000  # 2025-01-01


class Result(NamedTuple):
    """What a command left: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)


def call(*words: object, home: Path | None = None) -> Result:
    """Run ``alphaloop`` with these words, in the given home."""
    out, err = io.StringIO(), io.StringIO()
    front = [] if home is None else ["--home", str(home)]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([*front, *map(str, words)])
    return Result(code, out.getvalue(), err.getvalue())


def write_bars(path: Path, closes: list[float], minutes: int = 5, start: int = START) -> Path:
    """A CSV of bars that open at the last close and go half a percent beyond either end."""
    lines, last = ["timestamp,open,high,low,close,volume"], closes[0]
    for i, close in enumerate(closes):
        high, low = max(last, close) * 1.005, min(last, close) * 0.995
        lines.append(f"{iso(start + i * minutes * MINUTE_US)},{last},{high},{low},{close},{10.0 + i % 3}")
        last = close
    path.write_text("\n".join(lines) + "\n")
    return path
