"""When a call is answered, and with which settings: what its route is handed."""

from datetime import datetime
from typing import Annotated

from aws_lambda_powertools.event_handler.depends import Depends

from nightlatch.bootstrap import clock
from nightlatch.bootstrap.settings import Settings, settings


def now() -> datetime:
    """Tell the time, by the clock that is there when it is asked."""
    return clock.now()


Now = Annotated[datetime, Depends(now)]
TheSettings = Annotated[Settings, Depends(settings)]
