"""The command line: options in, tables or JSON out. What it does lives in other rooms."""
