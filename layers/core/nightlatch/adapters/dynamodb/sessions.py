"""Reading sessions of the console."""

from nightlatch.adapters.dynamodb.keys import Key, key_of, sessions_of
from nightlatch.adapters.dynamodb.reading import read_live
from nightlatch.adapters.dynamodb.records import StateRecord, value_of
from nightlatch.domain.session import Session
from nightlatch.services.ports.ambient import Clock


@key_of.register
def _(session: Session) -> Key:
    return sessions_of(session.person_id), session.id


class DynamoSessions:
    """Reads sessions, but none whose time is over."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock

    def session(self, person_id: str, session_id: str) -> Session | None:
        """Read, consistently, one session."""
        record = read_live(StateRecord, (sessions_of(person_id), session_id), now=self._clock())
        return value_of(record, Session) if record else None

    def sessions_of(self, person_id: str) -> list[Session]:
        """Read every session of a person that is still stored."""
        now, records = self._clock(), StateRecord.query(sessions_of(person_id), consistent_read=True)
        return [value_of(record, Session) for record in records if record.is_live(now)]
