"""Windows over the feature matrix: arrays on disk, cut when they are asked for."""
