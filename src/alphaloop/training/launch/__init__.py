"""Launching a training run: what the machine has, how many processes, and a record of every attempt.

    facts     what nvidia-smi and /proc say, read from their text
    machine   what is here: GPUs, links, cores, memory, disk, packages
    plan      how many processes, with which environment, or what stands in the way
    record    the folder of a run: command, environment, attempts, log
    process   a started command, its output copied into the log as it comes

The processes of one run share every batch of a network (:mod:`alphaloop.models.sequence.processes`); all
else, and every file, is the leader's.
"""
