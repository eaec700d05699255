"""What an administrator decides about the finding of anomalies."""

from nightlatch.domain.anomaly_settings import AnomalyChoices, AnomalySettings
from nightlatch.domain.errors import StaleVersionError, VersionRequiredError
from nightlatch.services.call import Call, despite_rivals
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.anomaly_settings import AnomalySettingsStore
from nightlatch.services.ports.writing import UnitOfWork


class AnomalySettingsDesk:
    """The use cases of those who configure the detectors, and of those who look."""

    def __init__(self, *, unit_of_work: UnitOfWork, store: AnomalySettingsStore, clock: Clock) -> None:
        self._unit_of_work = unit_of_work
        self._store = store
        self._clock = clock

    def show(self) -> AnomalySettings:
        """Read the settings in force."""
        return self._store.anomaly_settings()

    def put(self, choices: AnomalyChoices, call: Call, *, if_match: int | None) -> AnomalySettings:
        """Replace the settings whose version `if_match` names; the same choices change nothing."""
        return despite_rivals(lambda: self._put(choices, call, if_match))

    def _put(self, choices: AnomalyChoices, call: Call, if_match: int | None) -> AnomalySettings:
        current = self._store.anomaly_settings()
        if current.choices == choices:
            return current
        if if_match is None:
            raise VersionRequiredError("the settings of anomalies are in force: send If-Match with their ETag")
        if if_match != current.version:
            raise StaleVersionError(f"the settings of anomalies are at version {current.version}, not {if_match}")
        change = current.choose(choices, by=call.principal, at=self._clock())
        self._unit_of_work.commit(change, origin=call.origin)
        return change.state
