"""Registry: artifacts, evidence, verdicts and promotions; append-only, never changing what it judges."""
