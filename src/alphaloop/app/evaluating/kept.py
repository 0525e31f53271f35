"""Documents about a candidate: content in the artifact store, its hash in the ledger, a copy under its name."""

import json
from pathlib import Path
from typing import Any

from alphaloop.registry.journal import Page
from alphaloop.registry.ledger import Ledger, candidate_entry

DOCUMENT = "document"


def keep(ledger: Ledger, candidate: str, name: str, content: bytes, *, author: str) -> str:
    """Tie content to a candidate under a name; returns its hash. The same content under it is entered once."""
    with ledger.journal.reading() as page:
        held, entry = documents(page, candidate).get(name), candidate_entry(page, candidate)
    made = ledger.artifacts.put(content)
    if held != made:
        with ledger.journal.writing() as pen:
            pen.add(DOCUMENT, {"name": name, "sha256": made}, author=author, subject=entry.subject, scope=entry.scope)
    return made


def documents(page: Page, candidate: str) -> dict[str, str]:
    """Hash of the newest document of each name."""
    return {str(one.data["name"]): str(one.data["sha256"]) for one in page.find(DOCUMENT, subject=candidate)}


def as_bytes(document: dict[str, Any]) -> bytes:
    """JSON as it is stored: sorted, so that equal documents have equal hashes."""
    return (json.dumps(document, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()


def write_copy(path: Path, content: bytes) -> Path:
    """The content under its name, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)
    return path
