"""Fixtures every room may use. No network, no wall clock, no hidden randomness."""

import os
import socket
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read by torch and BLAS at import: small arrays wait for threads


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make golden` rewrites the golden files; a person reads the difference."""
    parser.addoption("--golden-rewrite", action="store_true", help="write tests/golden/*.txt anew")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real market data, or a skip that says why."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("ALPHALOOP_SHARED_DATA", default))
    if not (folder / "README.md").exists():
        pytest.skip(f"no real market data at {folder.name}; set ALPHALOOP_SHARED_DATA")
    return folder


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that opens an outside connection is a defect, so it fails."""
    connect = socket.socket.connect

    def refuse(self: socket.socket, address: object) -> None:
        if self.family == socket.AF_UNIX or (isinstance(address, tuple) and address[0] in ("127.0.0.1", "::1")):
            return connect(self, address)  # type: ignore[arg-type]
        raise AssertionError(f"a test tried to reach {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
