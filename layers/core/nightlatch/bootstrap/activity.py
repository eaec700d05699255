"""Looking at all requests together, and finding what to filter them by."""

from functools import cache

from nightlatch.adapters.dynamodb.saved_views import DynamoSavedViews
from nightlatch.bootstrap import clock, known, state
from nightlatch.services.activity import Activity
from nightlatch.services.lookups import Lookups
from nightlatch.services.saved_views import SavedViewDesk


@cache
def activity() -> Activity:
    """Wire what is asked about all requests together."""
    return Activity(unit_of_work=state.unit_of_work(), requests=state.requests(), clock=clock.now)


@cache
def saved_views() -> SavedViewDesk:
    """Wire the views that people keep."""
    return SavedViewDesk(unit_of_work=state.unit_of_work(), store=DynamoSavedViews())


@cache
def lookups() -> Lookups:
    """Wire what filters choose from."""
    return Lookups(catalogue=known.catalogue(), people=known.people(), flows=state.flows())
