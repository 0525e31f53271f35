"""The roof: command line, reports and wiring, the only place where things are plugged together."""
