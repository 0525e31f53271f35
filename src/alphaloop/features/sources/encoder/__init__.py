"""The market encoder: fitted on a training window, stored as an artifact, applied to what comes after."""
