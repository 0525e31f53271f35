"""One trade, many times: what each of K candidates would have made on one symbol's bars.

The candidate form of the fill rules. The portfolio form, with an account, is the kernel beside
this folder; ``docs/outcomes.md`` says where the two meet and what has no meaning here.
"""
