"""The risk room: one rule per file, and the chain that applies them in order.

A rule takes exposure away and never adds any; applied twice it equals applied once. No
rule knows which policy asked, what comes next, or the time: all it sees is the decision
and the account.
"""
