"""Reading the audit settings: alone, or at once with the place where the chain stands."""

from datetime import timedelta

from nightlatch.adapters.dynamodb.keys import AUDIT_SETTINGS
from nightlatch.adapters.dynamodb.reading import read_one
from nightlatch.adapters.dynamodb.records import Holder, StateRecord, value_of
from nightlatch.domain.audit_settings import AuditSettings


class DynamoAuditSettings:
    """`retention` is the deployment's own, which holds until an administrator chooses another."""

    def __init__(self, *, retention: timedelta) -> None:
        self._retention = retention

    def audit_settings(self) -> AuditSettings:
        """Read, consistently, the settings in force."""
        return settings_in(read_one(StateRecord, AUDIT_SETTINGS), retention=self._retention)


def settings_in(record: Holder | None, *, retention: timedelta) -> AuditSettings:
    """Read the settings that a record holds, or those that hold without one."""
    return value_of(record, AuditSettings) if record else AuditSettings(retention=retention, by_deployment=True)
