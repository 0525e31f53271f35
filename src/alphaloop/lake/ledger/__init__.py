"""The ledger's ground: one SQL database, and the orders, fills and decisions of runs in it.

SQLite in a file of the home folder, or PostgreSQL by URL; the same code. Rows are added,
never changed: the database itself refuses. Models and promotions live one floor higher.
"""
