"""What people do with anomalies: look at them, say what became of them, and end the access that one is about."""

from collections.abc import Callable
from dataclasses import dataclass

from nightlatch.domain.access_request import AccessRequest, Status
from nightlatch.domain.anomaly import Anomaly, AnomalyState
from nightlatch.domain.change import Change
from nightlatch.domain.errors import ConflictError, NotFoundError
from nightlatch.services.call import Call, despite_rivals
from nightlatch.services.counting import Counted, counted
from nightlatch.services.paging import Found, search
from nightlatch.services.ports import anomalies
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.anomalies import AnomalyFilter, place_of
from nightlatch.services.ports.requests import Requests
from nightlatch.services.ports.writing import UnitOfWork
from nightlatch.services.request_commands import RequestCommands

Judgement = Callable[[Anomaly], Change[Anomaly]]


@dataclass(frozen=True)
class SeenAnomaly:
    """An anomaly, and whether the access that it is about can be ended now."""

    anomaly: Anomaly
    is_revocable: bool


class AnomalyDesk:
    """The use cases of administrators, and of auditors who only look."""

    def __init__(
        self, *, unit_of_work: UnitOfWork, anomalies: anomalies.Anomalies, requests: Requests, clock: Clock
    ) -> None:
        self._unit_of_work = unit_of_work
        self._anomalies = anomalies
        self._requests = requests
        self._clock = clock
        self._commands = RequestCommands(unit_of_work=unit_of_work, requests=requests, clock=clock)

    def find(self, wanted: AnomalyFilter, *, limit: int, skip: int = 0) -> Found[Anomaly]:
        """Find anomalies, the latest detected first."""
        candidates = self._anomalies.candidates(wanted, expected=skip + limit + 1)
        return search(candidates, admits=wanted.admits, place=place_of, limit=limit, skip=skip)

    def count_open(self) -> Counted:
        """Count those that nobody has looked at yet."""
        candidates = self._anomalies.candidates(AnomalyFilter())
        return counted(candidates, admits=lambda anomaly: anomaly.state is AnomalyState.OPEN)

    def show(self, anomaly_id: str) -> SeenAnomaly:
        """Read one."""
        return self._seen(self._anomalies.anomaly(anomaly_id))

    def acknowledge(self, anomaly_id: str, call: Call, *, note: str = "") -> SeenAnomaly:
        """Say that somebody is looking at it."""
        return self._judge(
            anomaly_id, call, lambda one: one.acknowledge(by=call.principal, note=note, at=self._clock())
        )

    def resolve(self, anomaly_id: str, call: Call, *, note: str) -> SeenAnomaly:
        """Say what came of it."""
        return self._judge(anomaly_id, call, lambda one: one.resolve(by=call.principal, note=note, at=self._clock()))

    def revoke(self, anomaly_id: str, call: Call, *, reason: str) -> AccessRequest:
        """End the access that it is about, exactly as an administrator does at the request."""
        request_id = self._anomalies.anomaly(anomaly_id).finding.request_id
        if request_id is None:
            raise ConflictError(f"anomaly {anomaly_id} is not about a request")
        return self._commands.carry_out(
            request_id, call, lambda request, at: request.revoke(by=call.principal, reason=reason, at=at)
        )

    def _judge(self, anomaly_id: str, call: Call, decide: Judgement) -> SeenAnomaly:
        def attempt() -> Anomaly:
            anomaly = self._anomalies.anomaly(anomaly_id)
            if call.earlier_result(self._unit_of_work):
                return anomaly
            change = decide(anomaly)
            self._unit_of_work.commit(change, origin=call.origin, receipt=call.receipt(anomaly_id))
            return change.state

        return self._seen(despite_rivals(attempt))

    def _seen(self, anomaly: Anomaly) -> SeenAnomaly:
        return SeenAnomaly(anomaly, self._is_revocable(anomaly.finding.request_id))

    def _is_revocable(self, request_id: str | None) -> bool:
        try:
            return request_id is not None and self._requests.request(request_id).status is Status.GRANTED
        except NotFoundError:  # an anomaly may be kept for longer than its request
            return False
