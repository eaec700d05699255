"""What all tests share."""

from hypothesis import settings

# A loaded machine is no reason to fail; how long something takes is measured in benchmarks.
settings.register_profile("nightlatch", deadline=None)
settings.load_profile("nightlatch")
