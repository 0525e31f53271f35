"""Artifacts: files of models, stored under the hash of their content.

A file is there whole or not at all, and the same content is stored once. Whoever reads one
gets the bytes that were put in, or an error. Nothing here knows what is inside.
"""

import os
from hashlib import sha256
from itertools import count
from pathlib import Path

from alphaloop.core.errors import LedgerTampered, NoData, UnknownName

_drafts = count()


class Artifacts:
    """A folder of files named by the SHA-256 of what they hold.

    Examples
    --------
    >>> import tempfile
    >>> store = Artifacts(Path(tempfile.mkdtemp()))
    >>> name = store.put(b"weights")
    >>> store.get(name), store.put(b"weights") == name
    (b'weights', True)
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes) -> str:
        """Store the content and return its hash; what is there already is left as it is.

        Raises
        ------
        LedgerTampered
            If a file of that name is there and holds something else.
        """
        name = sha256(content).hexdigest()
        place = self.path(name)
        if place.exists():
            self.get(name)
            return name
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = place.with_name(f".{name}.{os.getpid()}.{next(_drafts)}")
        try:
            with draft.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(place)
        finally:
            draft.unlink(missing_ok=True)
        return name

    def put_file(self, path: Path) -> str:
        """Store a copy of a file and return its hash.

        Raises
        ------
        NoData
            If there is no such file.
        """
        if not path.is_file():
            raise NoData(f"no file {path.name}", "a file to store", "give the path of one")
        return self.put(path.read_bytes())

    def get(self, name: str) -> bytes:
        """The content.

        Raises
        ------
        UnknownName
            If nothing of that name was stored, or it is gone.
        LedgerTampered
            If the file no longer holds what was stored.
        """
        place = self.path(name)
        if not place.is_file():
            raise UnknownName(f"no artifact {name[:12]}", "a hash that put() returned", "train the model again")
        content = place.read_bytes()
        found = sha256(content).hexdigest()
        if found != name:
            raise LedgerTampered(
                f"artifact {name[:12]} with content {found[:12]}", "the content it was stored with", "restore the file"
            )
        return content

    def path(self, name: str) -> Path:
        """Where the artifact is, or would be.

        Raises
        ------
        UnknownName
            If the name is no hash.
        """
        if len(name) != 64 or set(name) - set("0123456789abcdef"):
            raise UnknownName(f"artifact '{name}'", "64 hexadecimal digits", "use the hash that put() returned")
        return self.folder / name[:2] / name
