"""What pages call: the services, each wired when it is first needed. Tests hand in their own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from nightlatch.bootstrap import clock
from nightlatch.bootstrap.api_reads import api_reads
from nightlatch.bootstrap.sessions import sessions
from nightlatch.bootstrap.settings import Settings, settings
from nightlatch.services.api_reads import ApiReads
from nightlatch.services.sessions import Sessions


@dataclass(frozen=True)
class Desk:
    """What the pages of every function need. Each adds the services of its own pages."""

    settings: Callable[[], Settings] = settings
    sessions: Callable[[], Sessions] = sessions
    api_reads: Callable[[], ApiReads] = api_reads
    now: Callable[[], datetime] = clock.now
