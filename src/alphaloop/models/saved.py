"""One file a model is kept in: JSON with the hash of its content and of the features it reads.

A file that was changed, cut short or written for other features is refused, never bent.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alphaloop.core.errors import SchemaViolation, UnreadableFile

VERSION = 1

Content = dict[str, Any]


def feature_hash(names: Sequence[str]) -> str:
    """Hash of feature names in their order; of a schema, :attr:`Schema.hash` says more and may stand instead.

    Examples
    --------
    >>> feature_hash(("a", "b")) == feature_hash(("b", "a"))
    False
    """
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


def write(path: Path, kind: str, features: str, content: Content) -> str:
    """Write a model whole or not at all; returns the hash of its content.

    Parameters
    ----------
    path : Path
    kind : str
        Which class reads it.
    features : str
        Hash of the features it was fitted on.
    content : dict
        What JSON can hold.
    """
    body = json.dumps(content, sort_keys=True, allow_nan=False)
    digest = _digest(kind, features, body)
    text = json.dumps({"version": VERSION, "kind": kind, "features": features, "sha256": digest, "content": body})
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text + "\n", encoding="utf-8")
    partial.replace(path)
    return digest


def read(path: Path, kind: str, features: str | None = None) -> Content:
    """The content of a file that :func:`write` made, with ``features``, the hash it was written under.

    Raises
    ------
    UnreadableFile
        If the file is not one, or is not what was written.
    SchemaViolation
        If it holds another kind of model, or was fitted on other features.
    """
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        version, found, hashed, digest, body = (
            held[name] for name in ("version", "kind", "features", "sha256", "content")
        )
        whole = version == VERSION and digest == _digest(found, hashed, body)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableFile(f"{path.name}: {error}", "a model as it was saved", "bring back a copy") from error
    if not whole:
        raise UnreadableFile(f"{path.name}, not what was written", "a model as it was saved", "bring back a copy")
    if found != kind:
        raise SchemaViolation(f"{path.name}: a {found}", f"a {kind}", f"load it as a {found}")
    if features is not None and features != hashed:
        found = f"{path.name}: fitted on features {hashed or '(unnamed)'}"
        raise SchemaViolation(found, f"features {features}", "build the features it was fitted on, or fit it again")
    return {**json.loads(body), "features": hashed}


def _digest(kind: str, features: str, body: str) -> str:
    return hashlib.sha256("\n".join((kind, features, body)).encode()).hexdigest()
