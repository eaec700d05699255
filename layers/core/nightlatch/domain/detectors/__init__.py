"""The detectors: a module for each, with what is chosen of it. `registry` makes those that are on."""
