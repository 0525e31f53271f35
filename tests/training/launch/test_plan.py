"""Plans: how many processes, which environment, and every reason not to start."""

from dataclasses import replace

import pytest

from alphaloop.core.errors import InvalidOption, UnknownName
from alphaloop.training.launch.facts import gpus, links
from alphaloop.training.launch.machine import Machine
from alphaloop.training.launch.plan import GIB, PORT, Seen, Wish, plan_of, told, words_of
from tests.training.launch.test_facts import NVLINK, TWO

WORDS = ("liquid", "--symbols", "BTCUSDT")
PAIR = Machine(gpus=gpus(TWO), links=links(NVLINK), cores=16, disk_free=100 * GIB)
BARE = Machine(cores=4, disk_free=100 * GIB)
READY = Seen(tables={"market_bars": 3}, devices=2)


def plan(machine=PAIR, seen=READY, **wish):
    return plan_of(Wish(**{"words": WORDS, "home": "home", **wish}), machine, seen, "runs/x")


def test_a_process_for_each_gpu():
    found = plan()

    assert (found.nproc, found.backend, found.port, found.ready) == (2, "nccl", PORT, True)
    assert found.command[1:] == (
        "-m", "torch.distributed.run", "--nproc_per_node=2", "--master_port=29500",
        "-m", "alphaloop.app.cli.train.worker", *WORDS,
    )  # fmt: skip
    assert found.env == {
        "TRAIN_NPROC_PER_NODE": "2", "LIQUID_SYMBOL_DDP": "1", "TRAIN_RUN_FOLDER": "runs/x",
        "OMP_NUM_THREADS": "8", "POLARS_MAX_THREADS": "8", "PYTHONUNBUFFERED": "1",
    }  # fmt: skip


def test_the_second_gpu_of_the_pair_is_in_use_and_that_is_said():
    assert plan().notes == ("GPU 1 is in use: more than half of its memory",)


def test_without_a_gpu_one_process_and_no_meeting():
    found = plan(BARE, replace(READY, devices=0))

    assert (found.nproc, found.backend, found.port, found.ready) == (1, "none", None, True)
    assert found.command[1:] == ("-m", "alphaloop.app.cli.train.worker", *WORDS)
    assert found.env["LIQUID_SYMBOL_DDP"] == "0"
    assert found.notes == ("no GPU: networks train on the CPU",)


def test_two_processes_without_a_gpu_talk_by_gloo():
    found = plan(BARE, replace(READY, devices=0), nproc=2)

    assert (found.nproc, found.backend, found.ready, found.env["OMP_NUM_THREADS"]) == (2, "gloo", True, "2")


def test_a_chain_without_networks_runs_alone():
    found = plan(words=("vc",), nproc=2, seen=replace(READY, devices=None))

    assert (found.nproc, found.ready) == (1, True)
    assert "vc fits nothing that could be shared: one process" in found.notes


def test_the_first_free_port_is_taken():
    assert plan(seen=replace(READY, taken=lambda port: port < 29_503)).port == 29_503


def test_threads_that_the_user_chose_stay():
    assert "OMP_NUM_THREADS" not in plan(seen=replace(READY, chosen=frozenset({"OMP_NUM_THREADS"}))).env


@pytest.mark.parametrize(
    ("machine", "seen", "wish", "reason"),
    [
        (PAIR, {"running": "process 7"}, {}, "this run is going on: process 7"),
        (PAIR, {"tables": {}}, {}, "no bars in the lake"),
        (PAIR, {"devices": None}, {}, "torch is not installed"),
        (PAIR, {}, {"nproc": 3}, "3 processes on 2 GPUs"),
        (PAIR, {"devices": 0}, {}, "the driver shows 2 GPUs, torch sees 0"),
        (replace(PAIR, disk_free=GIB), {}, {}, "1.0 GiB free where the home is, 2 are needed"),
        (PAIR, {"taken": lambda _port: True}, {}, "no free port"),
        (PAIR, {"taken": lambda _port: True}, {"port": 5000}, "port 5000 is taken"),
        (replace(BARE, said=("nvidia-smi: no driver",)), {}, {}, "cannot look at GPUs: nvidia-smi: no driver"),
        (PAIR, {}, {"words": (*WORDS, "--executor", "threads")}, "--executor with 2 processes"),
        (PAIR, {}, {"words": (*WORDS, "--executor=process")}, "--executor with 2 processes"),
    ],
)
def test_what_stands_in_the_way_is_named(machine, seen, wish, reason):
    found = plan(machine, replace(READY, **seen), **wish)

    assert not found.ready
    assert [one for one in found.reasons if one.startswith(reason)]
    assert found.as_dict()["ready"] is False


def test_gpus_without_nvlink_and_few_cores_are_noted():
    found = plan(replace(PAIR, links=(), cores=1))

    assert found.ready
    assert found.notes[:2] == ("no NVLink between all GPUs: gradients go over the bus", "2 processes on 1 cores")


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        ({"words": ()}, UnknownName),
        ({"words": ("tea",)}, UnknownName),
        ({"nproc": 0}, InvalidOption),
        ({"port": 80}, InvalidOption),
        ({"min_free_gb": -1.0}, InvalidOption),
    ],
)
def test_wishes_that_cannot_be(wish, error):
    with pytest.raises(error):
        plan(**wish)


def test_no_secret_is_told():
    environ = {"CUDA_VISIBLE_DEVICES": "1", "TRAIN_TOKEN": "x", "NCCL_DEBUG": "INFO", "WANDB_API_KEY": "x"}

    assert told(environ) == {"CUDA_VISIBLE_DEVICES": "1", "NCCL_DEBUG": "INFO"}


def test_json_is_asked_for_once():
    assert words_of(["vc", "--json"], json=True) == ("vc", "--json")
    assert words_of(["vc"], json=False) == ("vc",)
