"""The record of a run: a folder with what was started, on what, how each attempt ended, and its log.

Named by the command, so that the same one finds its record and adds an attempt. An attempt without an
end was killed. The chain itself goes on from its own files; the record only remembers.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from alphaloop.core.errors import UnreadableFile

RECORD, LOG, OUT, CODE, LOCK = "record.json", "log.txt", "out.txt", "exit-code", "lock"
Json = dict[str, Any]


def folder_of(home: Path, words: Sequence[str]) -> Path:
    """Where the run of a command is recorded.

    Examples
    --------
    >>> folder_of(Path("home"), ["liquid", "--symbols", "X"]).name[:14]
    'launch-liquid-'
    """
    digest = hashlib.sha256("\0".join(words).encode()).hexdigest()[:12]
    return home / "runs" / f"launch-{words[0]}-{digest}"


class Record:
    """One run's record.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self, plan: Mapping[str, Any], machine: Mapping[str, Any], env: Mapping[str, str], at: str) -> int:
        """Enter an attempt; its number, from 1.

        Parameters
        ----------
        plan, machine : mapping
            As JSON.
        env : mapping
            Without secrets.
        at : str
            When it began, ISO.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / CODE).unlink(missing_ok=True)
        held = self.read() or {"attempts": []}
        attempt = {"started": at, "ended": None, "exit_code": None, "plan": dict(plan), "env": dict(env)}
        held.update(machine=dict(machine), command=list(plan["command"]), log=LOG, out=OUT)
        held["attempts"].append(attempt)
        self._write(held)
        return len(held["attempts"])

    def end(self, exit_code: int, at: str) -> Json:
        """Enter how the last attempt ended; the whole record."""
        held = self.read()
        if held is None:
            raise UnreadableFile(f"no {RECORD} in {self.folder.name}", "the record of a run that began", "")
        held["attempts"][-1].update(ended=at, exit_code=exit_code)
        self._write(held)
        return held

    def read(self) -> Json | None:
        """What is recorded; none where nothing is yet.

        Raises
        ------
        UnreadableFile
            If the file is damaged.
        """
        path = self.folder / RECORD
        if not path.exists():
            return None
        try:
            held: Json = json.loads(path.read_text(encoding="utf-8"))
            held["attempts"][-1]["started"]
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise UnreadableFile(f"{path.name}: {error}", "the record of a run", f"delete {path}") from error
        return held

    def note_code(self, exit_code: int) -> None:
        """What the command itself ended with: whoever runs it may have none but 0 and 1."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / CODE).write_text(f"{exit_code}\n", encoding="utf-8")

    def code(self, otherwise: int) -> int:
        """What the command noted; ``otherwise`` where it never came to that."""
        path = self.folder / CODE
        return int(path.read_text(encoding="utf-8")) if path.exists() else otherwise

    def _write(self, held: Json) -> None:
        partial = self.folder / f".{RECORD}.partial"
        partial.write_text(json.dumps(held, indent=1, default=str) + "\n", encoding="utf-8")
        partial.replace(self.folder / RECORD)


class Lock:
    """A run's lock, held by the process that works on it until it ends, however it ends.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK
        self._file: Any = None

    def take(self, holder: str) -> bool:
        """Hold it; false where another process does."""
        import fcntl

        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        file.truncate(0)
        file.write(holder)
        file.flush()
        self._file = file
        return True

    def release(self) -> None:
        """Let go."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def holder(self) -> str:
        """Who holds it; empty: nobody."""
        if not self._path.exists():
            return ""
        if self.take(""):
            self.release()
            return ""
        return self._path.read_text(encoding="utf-8") or "another process"
