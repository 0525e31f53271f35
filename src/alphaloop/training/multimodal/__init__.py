"""Chain C: does text add anything to numbers? One ridge over all, or a gated correction of what numbers got wrong."""
