"""The registry: which models there are, what is known of them, and which is in charge.

Artifacts, evidence, verdicts, promotions and trials, in an append-only ledger whose entries
are chained by hashes. A gate judges evidence; nothing here changes what it judges.
"""
