"""A command's output, copied as it comes; its exit code, whatever ended it."""

import os
import signal
import sys

from alphaloop.training.launch.process import run

ENV = {"PATH": os.environ["PATH"]}


def started(tmp_path, code, **env):
    told = []
    ended = run(
        [sys.executable, "-c", code], {**ENV, **env}, log=tmp_path / "log", out=tmp_path / "out", tell=told.append
    )
    return ended, told


def test_what_it_prints_and_what_it_says_are_kept_apart(tmp_path):
    (tmp_path / "log").write_text("before\n")
    (tmp_path / "out").write_text("old")

    code, told = started(
        tmp_path, "import sys, os; print(os.environ['A']); sys.stderr.write('one\\ntwo\\n'); exit(3)", A="x"
    )

    assert (code, told) == (3, ["one", "two"])
    assert (tmp_path / "log").read_text() == "before\none\ntwo\n"
    assert (tmp_path / "out").read_text() == "x\n"


def test_a_command_that_was_killed(tmp_path):
    assert started(tmp_path, "import os; os.kill(os.getpid(), 9)")[0] == -signal.SIGKILL


def test_a_killed_command_leaves_its_words(tmp_path):
    half = "import os, sys; sys.stderr.write('half'); sys.stderr.flush(); os.kill(os.getpid(), 9)"

    assert started(tmp_path, half) == (-9, ["half"])
