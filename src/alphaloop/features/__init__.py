"""What was known before the decision, as numbers.

Every feature is declared once, computed once, and reads nothing after ``now``. Knows
markets and their bars; does not know labels, policies, or what anyone does with a number.
"""
