"""What an administrator decides about the audit trail."""

from nightlatch.domain.audit_settings import AuditChoices, AuditSettings
from nightlatch.domain.errors import StaleVersionError, VersionRequiredError
from nightlatch.services.call import Call, despite_rivals
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.configuration import AuditSettingsStore
from nightlatch.services.ports.writing import UnitOfWork


class AuditSettingsDesk:
    """The use cases of those who configure the trail, and of those who look."""

    def __init__(self, *, unit_of_work: UnitOfWork, store: AuditSettingsStore, clock: Clock) -> None:
        self._unit_of_work = unit_of_work
        self._store = store
        self._clock = clock

    def show(self) -> AuditSettings:
        """Read the settings in force."""
        return self._store.audit_settings()

    def put(self, choices: AuditChoices, call: Call, *, if_match: int | None) -> AuditSettings:
        """Replace the settings whose version `if_match` names; the same choices change nothing."""
        return despite_rivals(lambda: self._put(choices, call, if_match))

    def _put(self, choices: AuditChoices, call: Call, if_match: int | None) -> AuditSettings:
        current = self._store.audit_settings()
        if current.choices == choices:
            return current
        if if_match is None:
            raise VersionRequiredError("the audit settings are in force: send If-Match with their ETag")
        if if_match != current.version:
            raise StaleVersionError(f"the audit settings are at version {current.version}, not {if_match}")
        change = current.choose(choices, by=call.principal, at=self._clock())
        self._unit_of_work.commit(change, origin=call.origin)
        return change.state
