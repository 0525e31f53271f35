"""Exports: the ledger as other programs read it. An export can be made again; the ledger is the truth."""
