"""One file that a killed run goes on from: written whole or not at all, checked when read."""

import hashlib
import io
import os
from pathlib import Path
from typing import Any

import torch

from alphaloop.core.errors import UnreadableFile

Saved = dict[str, Any]
NAME = "checkpoint.pt"
_MARK = b"alphaloop-checkpoint-1\n"


def save(folder: Path, saved: Saved) -> Path:
    """Keep a run's state; an older one stays until the new one is complete."""
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / NAME, saved)
    return folder / NAME


def load(folder: Path, *, device: torch.device) -> Saved | None:
    """A run's state, or None when there is none yet; errors as :func:`read`."""
    path = folder / NAME
    return read(path, device=device) if path.exists() else None


def write(path: Path, saved: Saved) -> str:
    """Write tensors and plain values, headed by their hash, which is returned."""
    held = io.BytesIO()
    torch.save(saved, held)
    body = held.getvalue()
    digest = hashlib.sha256(body).hexdigest()
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        file.write(_MARK + digest.encode() + b"\n" + body)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    return digest


def read(path: Path, *, device: torch.device) -> Saved:
    """What :func:`write` wrote.

    Raises
    ------
    UnreadableFile
        If the file is not there, not one of ours, or its content is not what was written.
    """
    try:
        mark, _, rest = path.read_bytes().partition(b"\n")
    except OSError as error:
        raise UnreadableFile(f"{path.name}: {error}", "a file that write() made", "check the path") from error
    digest, _, body = rest.partition(b"\n")
    if mark + b"\n" != _MARK or hashlib.sha256(body).hexdigest().encode() != digest:
        raise UnreadableFile(
            f"{path.name}, {len(rest)} bytes that are not what was written",
            "content whose hash agrees with its head",
            f"delete {path} to begin anew, or bring back a copy",
        )
    saved: Saved = torch.load(io.BytesIO(body), map_location=device, weights_only=True)
    return saved
