"""Evaluating: a registered forecaster made again from its manifest, and what it is worth and owes to what.

again     a candidate's chain, examples and folds, as they were
kept      documents in the artifact store, tied to their candidate in the ledger
oos       out of sample, every figure with its interval
ablation  without a group of its features
forest    the picture of an ablation
pages     both as pages
"""
