"""Records: every attempt, also the one that was killed; and a lock that dies with its holder."""

import subprocess
import sys

import pytest

from alphaloop.core.errors import UnreadableFile
from alphaloop.training.launch.record import CODE, RECORD, Lock, Record, folder_of

PLAN = {"command": ("python", "-m", "x"), "nproc": 1}


def test_the_same_command_finds_the_same_folder(tmp_path):
    one, other = folder_of(tmp_path, ["liquid", "a"]), folder_of(tmp_path, ["liquid", "b"])

    assert one == folder_of(tmp_path, ("liquid", "a")) != other
    assert one.parent == tmp_path / "runs"


def test_attempts_are_kept_one_after_the_other(tmp_path):
    record = Record(tmp_path / "run")

    first = record.begin(PLAN, {"cores": 2}, {"OMP_NUM_THREADS": "1"}, "noon")
    second = record.begin(PLAN, {"cores": 2}, {}, "one")
    held = record.end(1, "two")

    assert (first, second) == (1, 2)
    assert [(one["started"], one["ended"], one["exit_code"]) for one in held["attempts"]] == [
        ("noon", None, None), ("one", "two", 1),
    ]  # fmt: skip
    assert (held["command"], held["machine"]) == (["python", "-m", "x"], {"cores": 2})
    assert record.read() == held


def test_what_a_command_ended_with_is_read_back_and_forgotten_by_the_next_attempt(tmp_path):
    record = Record(tmp_path)

    record.note_code(1)

    assert record.code(otherwise=9) == 1
    record.begin(PLAN, {}, {}, "noon")
    assert not (tmp_path / CODE).exists()
    assert record.code(otherwise=9) == 9


@pytest.mark.parametrize("text", ["", "{}", '{"attempts": []}', "[1]"])
def test_a_damaged_record_is_refused(tmp_path, text):
    (tmp_path / RECORD).write_text(text)

    with pytest.raises(UnreadableFile):
        Record(tmp_path).read()


def test_nothing_ends_that_never_began(tmp_path):
    with pytest.raises(UnreadableFile):
        Record(tmp_path / "none").end(0, "noon")


def test_a_lock_is_held_once_and_let_go(tmp_path):
    one, other = Lock(tmp_path), Lock(tmp_path)

    assert other.holder() == ""
    assert one.take("process 7")
    assert not other.take("process 8")
    assert other.holder() == "process 7"
    one.release()
    assert other.take("process 8")


HOLD = """
import sys
from pathlib import Path
from alphaloop.training.launch.record import Lock
lock = Lock(Path(sys.argv[1]))
print("held" if lock.take("it") else "not held", flush=True)
sys.stdin.read()
"""


def test_a_killed_holder_holds_nothing(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        assert Lock(tmp_path).holder() == "it"
        process.kill()

    assert Lock(tmp_path).holder() == ""
