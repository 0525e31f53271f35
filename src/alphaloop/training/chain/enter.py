"""Entering: the final fit on all rows, its files under their names, and the manifest that makes it again.

Files go into the artifact store by their hash, and copies under readable names beside it. The
manifest names them by hash; a candidate's artifact is its manifest.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from alphaloop.core.errors import SchemaViolation, UnreadableFile
from alphaloop.features.contract import Schema
from alphaloop.registry.artifacts import Artifacts
from alphaloop.registry.lineage import code_hash
from alphaloop.training.chain.asked import Asked
from alphaloop.training.chain.examples import Examples
from alphaloop.training.chain.learner import Chain, Fitting, Learner
from alphaloop.training.chain.logs import FitLog, pack, read_curves

FORMAT = 1
CURVES = "curves"
"""Role of the training curves of all fits, where any had epochs; :func:`~alphaloop.training.chain.logs.unpack`."""

_SAVED = "saved.json"
Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entered:
    """What a final fit left.

    Parameters
    ----------
    artifact : str
        Hash of the manifest.
    manifest : dict
    files : dict of file name to path
        Readable copies, manifests among them.
    """

    artifact: str
    manifest: Manifest
    files: dict[str, Path]


def enter(
    examples: Examples, chain: Chain, asked: Asked, how: Fitting, store: Artifacts, models: Path,
    signals: Mapping[str, Any] | None = None,
) -> Entered:  # fmt: skip
    """Fit the chosen variant on all labelled rows and keep what it is.

    Parameters
    ----------
    examples : Examples
    chain : Chain
    asked : Asked
    how : Fitting
        Its folder is the final fit's own, beside those of the walk; a killed one goes on, a finished one is not made
        again.
    store : Artifacts
    models : Path
        Where readable copies go.
    signals : mapping, optional
        From which forecast on it is traded: :func:`alphaloop.training.chain.signals.signals_of`.

    Raises
    ------
    SchemaViolation
        If the learner saves a file that the chain has no name for.
    """
    saved = _fitted(examples, chain, how)
    files: dict[str, dict[str, str]] = {}
    copies: dict[str, Path] = {}
    for role, path in saved["files"].items():
        if role not in chain.files:
            raise SchemaViolation(f"a file '{role}' of {chain.kind}", f"one of {', '.join(chain.files)}", "name it")
        name, content = chain.named(chain.files[role], examples.symbol), Path(path).read_bytes()
        files[role] = {"name": name, "sha256": store.put(content)}
        copies[name] = _copy(models / name, content)
    if curves := read_curves(how.folder.parent):
        files[CURVES] = {"name": f"{CURVES}.json", "sha256": store.put(pack(curves))}
    manifest = {**_manifest(examples, chain, asked, files, saved["facts"]), "signals": dict(signals or {})}
    content = (json.dumps(manifest, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()
    for pattern in chain.manifests:
        name = chain.named(pattern, examples.symbol)
        copies[name] = _copy(models / name, content)
    return Entered(store.put(content), manifest, copies)


def read_manifest(store: Artifacts, artifact: str) -> Manifest:
    """The manifest of a candidate.

    Raises
    ------
    UnreadableFile
        If the artifact is none of a chain.
    UnknownName, LedgerTampered
        If it is gone, or changed.
    """
    try:
        held: Manifest = json.loads(store.get(artifact))
    except ValueError as error:
        raise UnreadableFile(f"artifact {artifact[:12]}: {error}", "the manifest of a chain", "") from error
    if not isinstance(held, dict) or held.get("format") != FORMAT or "files" not in held:
        raise UnreadableFile(f"artifact {artifact[:12]}", f"the manifest of a chain, format {FORMAT}", "train it again")
    return held


def fetch(store: Artifacts, manifest: Mapping[str, Any], role: str, folder: Path) -> Path:
    """One file of a manifest, brought into a folder under its name; unchanged, or an error.

    Raises
    ------
    SchemaViolation
        If the manifest has no such file.
    UnknownName, LedgerTampered
        If it is gone, or changed.
    """
    if role not in manifest["files"]:
        raise SchemaViolation(f"no file '{role}'", f"one of {', '.join(manifest['files'])}", "")
    held = manifest["files"][role]
    return _copy(folder / held["name"], store.get(held["sha256"]))


def _fitted(examples: Examples, chain: Chain, how: Fitting) -> dict[str, Any]:
    """Files and facts of the final fit; made once."""
    noted = how.folder / _SAVED
    if noted.exists():
        held: dict[str, Any] = json.loads(noted.read_text(encoding="utf-8"))
        return held
    files = how.folder / "files"
    files.mkdir(parents=True, exist_ok=True)
    with FitLog(how.folder, how.progress) as log:
        learner: Learner = chain.variants[chain.chosen](examples).fit(examples.rows, replace(how, progress=log))
    saved = {
        "files": {role: str(path) for role, path in learner.save(files).items()},
        "facts": _facts(learner),
    }
    _copy(noted, json.dumps(saved, allow_nan=False).encode())
    return saved


def _facts(learner: Learner) -> dict[str, Any]:
    """What the learner has to say of itself; nothing where it is no :class:`Telling` one."""
    tell = getattr(learner, "facts", None)
    return {} if tell is None else dict(tell())


def _manifest(
    examples: Examples, chain: Chain, asked: Asked, files: Mapping[str, Any], facts: Mapping[str, Any]
) -> Manifest:
    times = examples.every.times
    return {
        "format": FORMAT,
        "kind": chain.kind,
        "chosen": chain.chosen,
        "variants": list(chain.variants),
        "symbol": examples.symbol,
        "timeframe": examples.timeframe,
        "horizons": list(examples.horizons),
        "lookback": examples.every.lookback,
        "features": list(examples.features),
        "modalities": list(examples.modalities),
        "groups": {name: list(places) for name, places in examples.groups.items()},
        "dropped": list(examples.dropped),
        "schema_hash": examples.schema_hash,
        "features_hash": examples.features_hash,
        "view_hash": Schema(examples.features).hash,  # what an observation of these features alone calls itself
        "rows": len(examples.rows),
        "window": [int(times[0]), int(times[-1])],
        "learnt_until": int(examples.rows.ends.max()),
        "cost": examples.cost,
        "examples": examples.digest,
        "versions": dict(examples.versions),
        "seed": asked.seed,
        "asked": asdict(asked),
        "effort": asdict(asked.effort),
        "recipe": dict(chain.recipe),
        "fit": dict(facts),
        "degraded": list(chain.degraded),
        "code_hash": code_hash(),
        "files": {role: dict(one) for role, one in files.items()},
    }


def _copy(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)
    return path
