"""Layouts: one file per family of tables, from a sheet of raw columns to lake rows."""
