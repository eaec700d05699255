"""What is around every service: the time, and chance."""

from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], datetime]
"""Tells the time, aware and in UTC."""


Randomness = Callable[[int], bytes]
"""Gives so many unpredictable bytes."""
