"""The simulator: the fill rules, once, in a numba kernel, and the venue that speaks them."""
