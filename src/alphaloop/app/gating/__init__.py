"""Gating: a run becomes a counted trial, a trial a candidate, and a candidate gets its verdict.

What is where:

    backtests  every backtest is a trial, written down before its result is known
    counting   what a trial is, and what it keeps
    leaks      what the leak tribunal found, kept until the features change
    rules      a registered rule's run as evidence
    controls   the whole pipeline on markets whose truth is known
    judging    evidence through the gates: the verdict in the ledger, and its page

Nothing here judges: the gates do.
"""
