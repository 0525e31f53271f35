"""``train launch``: the plan as JSON, what stands in its way, the record of a run, and its exit code."""

import json

import pytest

from alphaloop.app.cli.train import launch, worker
from alphaloop.training.launch import machine
from alphaloop.training.launch.record import CODE, Lock, folder_of
from tests.app.cli.builders import call
from tests.training.launch.test_facts import NVLINK, TWO

CHAIN = ["--", "liquid", "--symbols", "BTCUSDT", "--lookback", "0"]  # refused by the chain at once


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch):
    monkeypatch.setattr(machine, "asked", lambda _command: "No devices were found\n")


def test_a_dry_run_without_a_gpu_says_the_plan(home):
    found = call("train", "launch", "--dry-run", "--json", *CHAIN, home=home)

    assert (found.code, found.json["ready"], found.json["nproc"], found.json["backend"]) == (0, True, 1, "none")
    assert found.json["env"]["TRAIN_NPROC_PER_NODE"] == "1"
    assert found.json["machine"]["gpus"] == []
    assert found.json["tables"]["market_bars"] >= 0
    assert not (home / "runs" / found.json["run"]).exists()


def test_a_dry_run_names_what_stands_in_the_way_and_exits_0(tmp_path):
    found = call("train", "launch", "--dry-run", "--json", "--nproc", "2", *CHAIN, home=tmp_path)

    assert (found.code, found.json["ready"]) == (0, False)
    assert found.json["reasons"] == ["no bars in the lake: run alphaloop data import, fetch or simulate"]


def test_two_gpus_are_two_processes(home, monkeypatch):
    monkeypatch.setattr(machine, "asked", lambda command: NVLINK if "topo" in command else TWO)

    found = call("train", "launch", "--dry-run", "--json", *CHAIN, home=home).json

    assert (found["nproc"], found["backend"], found["machine"]["nvlink"]) == (2, "nccl", True)
    assert found["reasons"][0].startswith("the driver shows 2 GPUs, torch sees 0")


def test_what_is_not_ready_is_not_started(tmp_path):
    found = call("train", "launch", *CHAIN, home=tmp_path)

    assert found.code == 1
    assert "no bars in the lake" in found.out
    assert not (tmp_path / "runs").exists()


def test_an_unknown_chain_is_bad_usage(home):
    found = call("train", "launch", "--json", "--", "tea", home=home)

    assert (found.code, found.json["error"]) == (2, "UnknownName")


def test_a_run_that_is_going_on_is_not_started_twice(home):
    words = [*CHAIN[1:], "--seed", "8"]
    lock = Lock(folder_of(home.absolute(), words))
    lock.take("process 7")

    found = call("train", "launch", "--dry-run", "--", *words, home=home)

    lock.release()
    assert "this run is going on: process 7" in found.out


@pytest.mark.slow
def test_a_launched_command_is_recorded_with_its_own_exit_code(home):
    found = call("train", "launch", "--json", *CHAIN, home=home)
    folder = home / "runs" / found.json["run"]
    record = json.loads((folder / "record.json").read_text())

    assert (found.code, found.json["exit_code"], found.json["result"]["error"]) == (2, 2, "InvalidOption")
    assert [(one["exit_code"], one["ended"] > one["started"]) for one in record["attempts"]] == [(2, True)]
    assert record["attempts"][0]["env"]["TRAIN_RUN_FOLDER"] == str(folder)
    assert (folder / "log.txt").exists()


# ------------------------------------------------------------------------------------------------ one process of it


def test_the_leader_notes_the_exit_code_and_lets_go_of_the_lock(home, tmp_path, monkeypatch):
    monkeypatch.setattr(worker.sys, "argv", ["before"])
    monkeypatch.setenv("ALPHALOOP_HOME", str(home))

    ended = worker.work(
        ["liquid", "--symbols", "BTCUSDT", "--lookback", "0", "--json"], {"TRAIN_RUN_FOLDER": str(tmp_path)}
    )

    assert (ended, (tmp_path / CODE).read_text()) == (0, "2\n")
    assert Lock(tmp_path).holder() == ""
    assert worker.sys.argv[:2] == ["alphaloop", "train"]


def test_a_second_leader_leaves_at_once(tmp_path):
    lock = Lock(tmp_path)
    lock.take("process 7")

    ended = worker.work(["liquid"], {"TRAIN_RUN_FOLDER": str(tmp_path)})

    lock.release()
    assert (ended, (tmp_path / CODE).read_text()) == (0, "2\n")


def test_without_sharing_a_second_process_has_nothing_to_do(tmp_path):
    environ = {"TRAIN_RUN_FOLDER": str(tmp_path), "WORLD_SIZE": "2", "RANK": "1", "LIQUID_SYMBOL_DDP": "0"}

    assert worker.work(["liquid"], environ) == 0
    assert not (tmp_path / CODE).exists()


def test_a_port_somebody_listens_at_is_taken():
    import socket

    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        port = door.getsockname()[1]

        assert launch._taken(port)
    assert not launch._taken(port)
