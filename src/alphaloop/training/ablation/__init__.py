"""Ablation: what a forecast owes to each group of its features.

    taking     which features are taken, and on which rows that is looked at
    walks      folds fitted once and asked with features hidden, and folds that never saw them
    measure    differences from the full forecast, with paired intervals
    report     both protocols as one document, ``multimodal_eval.json``

Hiding asks what the fitted model reads; training anew asks what nothing else can replace. Nothing here judges.
"""
