"""The networks of the papers, each in a file: a window goes in, tokens or states come out."""
