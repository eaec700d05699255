"""Reading the views that people keep."""

from nightlatch.adapters.dynamodb.keys import SAVED_VIEWS, Key, key_of
from nightlatch.adapters.dynamodb.reading import read_one
from nightlatch.adapters.dynamodb.records import StateRecord, value_of
from nightlatch.domain.saved_view import SavedViews


@key_of.register
def _(views: SavedViews) -> Key:
    return SAVED_VIEWS, views.person_id


class DynamoSavedViews:
    """Reads views."""

    def saved_views(self, person_id: str) -> SavedViews:
        """Read, consistently, somebody's views."""
        record = read_one(StateRecord, (SAVED_VIEWS, person_id))
        return value_of(record, SavedViews) if record else SavedViews(person_id=person_id, version=0)
