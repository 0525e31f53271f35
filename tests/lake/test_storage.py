"""What disks and other processes do to the lake: full, killed in the middle, two at once."""

import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from alphaloop.core.errors import LakeConflict, LakeError, StorageFull
from alphaloop.lake import storage
from alphaloop.lake.table import Lake
from tests.lake.builders import NOW, bars, lake_with

WRITERS, ROUNDS = 3, 4


def files(folder: Path) -> set[Path]:
    return set(folder.rglob("*.parquet"))


def _append_all(folder: str, writer: int) -> None:
    """Every writer appends a batch shared with all, then one of its own."""
    lake = Lake(Path(folder))
    for turn in range(ROUNDS):
        lake.append("market_bars", bars(*range(turn * 10, turn * 10 + 10)), ingested_at=NOW)
        lake.append("market_bars", bars(1000 + writer * 100 + turn), ingested_at=NOW)


def test_several_processes_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_append_all, args=(str(tmp_path), i)) for i in range(WRITERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    rows = Lake(tmp_path).read("market_bars")

    assert [worker.exitcode for worker in workers] == [0] * WRITERS
    assert (rows.height, rows["event_time"].n_unique()) == (ROUNDS * 10 + WRITERS * ROUNDS,) * 2


def test_a_writer_gives_up_when_another_keeps_the_table(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(0))
    with (
        storage.locked(tmp_path / "market_bars", 1.0),
        pytest.raises(LakeConflict, match="another writer in market_bars"),
    ):
        Lake(tmp_path, patience_s=0.05).append("market_bars", bars(1), ingested_at=NOW)

    assert lake.read("market_bars").height == 1
    assert lake.append("market_bars", bars(1), ingested_at=NOW).written == 1


def test_other_tables_are_not_held(tmp_path: Path) -> None:
    with storage.locked(tmp_path / "trades", 1.0):
        assert Lake(tmp_path, patience_s=0.05).append("market_bars", bars(0), ingested_at=NOW).written == 1


FULL = """
import resource, signal, sys
from pathlib import Path
from alphaloop.core.errors import StorageFull
from alphaloop.lake.table import Lake
from tests.lake.builders import NOW, bars
import polars as pl
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
frame = pl.concat([bars(0)] * 200_000).with_columns(
    event_time=300_000_000 * pl.int_range(1, pl.len() + 1), volume=pl.int_range(pl.len()).sqrt()
).drop("available_at")
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    Lake(Path(sys.argv[1])).append("market_bars", frame, ingested_at=NOW)
except StorageFull as error:
    print(error)
"""


def test_a_real_write_that_hits_a_limit_leaves_the_table_as_it_was(tmp_path: Path) -> None:
    """A limit on file size stands in for a full disk: the kernel cuts the write short either way."""
    lake = lake_with(tmp_path, bars(0))
    before = files(tmp_path)
    run = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip

    assert "no room for market_bars" in run.stdout, run.stderr
    assert (lake.read("market_bars").height, lake.version("market_bars"), files(tmp_path)) == (1, 0, before)


@pytest.mark.parametrize("written", [b"", b"half"], ids=["nothing written", "half a file"])
def test_a_full_disk_is_named_and_its_bytes_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: bytes
) -> None:
    lake = lake_with(tmp_path, bars(0))
    before = files(tmp_path)

    def full(*_: object, **__: object) -> None:
        if written:
            (tmp_path / "market_bars" / "symbol=BTCUSDT" / "part-new.parquet").write_bytes(written)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage, "write_deltalake", full)
    with pytest.raises(StorageFull, match="nothing was committed"):
        lake.append("market_bars", bars(1), ingested_at=NOW)

    assert (lake.read("market_bars").height, files(tmp_path)) == (1, before)


def test_other_failures_of_the_disk_are_lake_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(storage, "write_deltalake", broken)
    with pytest.raises(LakeError, match="Input/output error"):
        Lake(tmp_path).append("market_bars", bars(0), ingested_at=NOW)


def test_an_interrupt_after_the_commit_keeps_what_was_committed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = storage.write_deltalake

    def interrupted(*args: object, **options: object) -> None:
        write(*args, **options)
        raise KeyboardInterrupt

    lake = lake_with(tmp_path, bars(0))
    monkeypatch.setattr(storage, "write_deltalake", interrupted)
    with pytest.raises(KeyboardInterrupt):
        lake.append("market_bars", bars(1), ingested_at=NOW)

    assert lake.read("market_bars").height == 2


KILLED = """
import os, signal, sys
from pathlib import Path
from alphaloop.lake import storage
from alphaloop.lake.table import Lake
from tests.lake.builders import NOW, bars
def killed(*_, **__):
    (Path(sys.argv[1]) / "market_bars" / "symbol=BTCUSDT" / "part-half.parquet").write_bytes(b"PAR1")
    os.kill(os.getpid(), signal.SIGKILL)
storage.write_deltalake = killed
Lake(Path(sys.argv[1])).append("market_bars", bars(1, 2), ingested_at=NOW)
"""


def test_a_killed_writer_leaves_the_last_version_and_no_lock(tmp_path: Path) -> None:
    lake = lake_with(tmp_path, bars(0))
    run = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, cwd=Path(__file__).parents[2])

    assert run.returncode == -signal.SIGKILL
    assert (lake.version("market_bars"), lake.read("market_bars").height) == (0, 1)
    assert lake.append("market_bars", bars(1, 2), ingested_at=NOW).written == 2


def test_a_crash_between_quarantine_and_commit_doubles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pl.concat([bars(0, volume=-1.0), bars(1)])
    append = storage.append
    calls = []

    def crash_on_second(*args: object) -> int:
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return append(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(storage, "append", crash_on_second)
    with pytest.raises(KeyboardInterrupt):
        Lake(tmp_path).append("market_bars", frame, ingested_at=NOW)
    monkeypatch.undo()
    report = Lake(tmp_path).append("market_bars", frame, ingested_at=NOW)

    assert (report.written, report.quarantined, Lake(tmp_path).read("quarantine").height) == (1, 1, 1)


def test_a_folder_that_holds_no_commit_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "market_bars" / "_delta_log").mkdir(parents=True)

    assert Lake(tmp_path).read("market_bars").height == 0
    assert lake_with(tmp_path, bars(0)).version("market_bars") == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_one_may_not_write_to_is_a_lake_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(LakeError):
        lake_with(tmp_path / "lake", bars(0))
