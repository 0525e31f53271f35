"""The loop: one policy, one feed, one venue, every step recorded.

Does not know whether the world is simulated, paper or real.
"""
