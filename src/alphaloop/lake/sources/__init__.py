"""Where facts come from: files, exchanges, and a simulated market whose truth is known."""
