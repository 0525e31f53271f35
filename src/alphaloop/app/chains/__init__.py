"""Training chains, wired: from the lake to examples, from a run to the ledger and the pages of its verdicts."""
