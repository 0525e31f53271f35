"""Files under the hash of their content."""

from hashlib import sha256

import pytest

from alphaloop.core.errors import LedgerTampered, NoData, UnknownName
from alphaloop.registry.artifacts import Artifacts


@pytest.fixture
def store(tmp_path) -> Artifacts:
    return Artifacts(tmp_path / "artifacts")


def test_the_name_is_the_hash(store) -> None:
    assert store.put(b"trees") == sha256(b"trees").hexdigest()


def test_twice_is_once(store) -> None:
    store.put(b"trees")
    store.put(b"trees")

    assert len([file for file in store.folder.rglob("*") if file.is_file()]) == 1


def test_a_file_is_copied(store, tmp_path) -> None:
    (tmp_path / "model.txt").write_bytes(b"trees")

    assert store.get(store.put_file(tmp_path / "model.txt")) == b"trees"


def test_a_missing_file_is_no_artifact(store, tmp_path) -> None:
    with pytest.raises(NoData):
        store.put_file(tmp_path / "none")


def test_a_changed_file_is_not_read(store) -> None:
    name = store.put(b"trees")
    store.path(name).write_bytes(b"treez")

    with pytest.raises(LedgerTampered, match="with content"):
        store.get(name)
    with pytest.raises(LedgerTampered):
        store.put(b"trees")


def test_a_name_that_was_never_stored(store) -> None:
    with pytest.raises(UnknownName, match="no artifact"):
        store.get("0" * 64)


@pytest.mark.parametrize("name", ["", "abc", "../" * 21 + "x", "G" * 64])
def test_a_name_that_is_no_hash_reaches_no_file(store, name) -> None:
    with pytest.raises(UnknownName):
        store.get(name)


def test_a_write_that_fails_leaves_nothing(store, monkeypatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("disk")))
    with pytest.raises(OSError, match="disk"):
        store.put(b"trees")

    assert [file for file in store.folder.rglob("*") if file.is_file()] == []
