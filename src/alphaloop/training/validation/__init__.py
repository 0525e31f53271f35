"""Validation: what any forecaster is worth out of sample, after cost, with all trials counted.

    panel    rows to learn from and bars to be paid by, side by side
    folds    which rows are trained on and tested, and predictions of rows no model saw
    rule     from predictions to positions, its numbers fitted on earlier out-of-sample bars only
    search   many configurations, each written to the ledger of trials when it starts
    tuning   the same, each next configuration proposed by Optuna from what came before
    appraise everything measured, as evidence for the gates

Nothing here judges: :mod:`alphaloop.registry.gates` does.
"""
