"""The detectors: a module for each; what is chosen of them is in `choices`. `registry` makes those that are on."""
