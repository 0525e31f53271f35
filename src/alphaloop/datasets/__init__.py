"""Examples to learn from: where what was known meets what came of it.

The only room that joins features with labels. It makes rows and windows, counts what it
leaves out, and stops there: fitting is for ``training``.
"""
