"""What all tests share."""

from hypothesis import settings

# A loaded machine is no reason to fail; how long something takes is measured in benchmarks.
settings.register_profile("nightlatch", deadline=None)
settings.register_profile("thorough", deadline=None, max_examples=10_000, stateful_step_count=60)
settings.load_profile("nightlatch")
