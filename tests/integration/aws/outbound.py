"""The calls that leave the process for AWS: what they are, and what goes wrong at them.

What is arranged happens where botocore hands a call over, behind its own retries: it stands for a fault that lasted
longer than they did.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from botocore.hooks import BaseEventHooks
from botocore.model import OperationModel

from tests.builders import KilledError

Reply = tuple[AWSResponse, dict[str, Any]]

SERVICES = ("dynamodb", "scheduler", "kms")
"""What provisioning and expiry call. Secrets Manager they reach through a connector alone."""

BROKEN = {"scheduler": "InternalServerException", "kms": "KMSInternalException"}
THROTTLED = {"dynamodb": "ProvisionedThroughputExceededException"}
FOR_EVER = 10**9


class Fault(StrEnum):
    """How a service lets a caller down."""

    REFUSED = "refused"
    BROKEN = "answers 500"
    THROTTLED = "throttled"
    SLOW = "too slow"
    LOST = "reply lost after it applied"


class Happening(Protocol):
    """What happens at a call: before it, where a reply takes its place, and after its effect."""

    def before(self, call: str) -> Reply | None:
        """Let it happen before the call, or instead of it."""
        ...

    def after(self, call: str) -> None:
        """Let it happen once the call had its effect."""
        ...


@dataclass(frozen=True)
class Failing:
    """The service fails."""

    fault: Fault

    def before(self, call: str) -> Reply | None:
        """Answer, or do not answer, in the service's place."""
        service = call.partition(".")[0]
        match self.fault:
            case Fault.REFUSED:
                raise EndpointConnectionError(endpoint_url=f"https://{service}")
            case Fault.SLOW:
                raise ReadTimeoutError(endpoint_url=f"https://{service}")
            case Fault.BROKEN:
                return a_refusal(BROKEN.get(service, "InternalServerError"), status=500)
            case Fault.THROTTLED:
                return a_refusal(THROTTLED.get(service, "ThrottlingException"))
        return None

    def after(self, call: str) -> None:
        """Lose the reply."""
        if self.fault is Fault.LOST:
            raise ReadTimeoutError(endpoint_url=f"https://{call}")


@dataclass(frozen=True)
class Canceled:
    """DynamoDB cancels a transaction, for one reason per item."""

    reasons: tuple[str, ...]

    def before(self, call: str) -> Reply | None:
        """Answer in DynamoDB's place."""
        code = "TransactionCanceledException"
        http, parsed = a_refusal(code, message=f"Transaction cancelled [{', '.join(self.reasons)}]")
        return http, {**parsed, "CancellationReasons": [{"Code": reason} for reason in self.reasons]}

    def after(self, call: str) -> None:
        """Nothing: there was no effect."""


@dataclass(frozen=True)
class Death:
    """The function dies."""

    after_effect: bool

    def before(self, call: str) -> None:
        """Die before the call is made."""
        if not self.after_effect:
            raise KilledError

    def after(self, call: str) -> None:
        """Die before the call has returned."""
        if self.after_effect:
            raise KilledError


@dataclass(frozen=True)
class Meanwhile:
    """Somebody else does something just before the call is made."""

    work: Callable[[], object]

    def before(self, call: str) -> None:
        """Let somebody else go first."""
        self.work()

    def after(self, call: str) -> None:
        """Nothing more."""


@dataclass
class Plan:
    """What happens at which calls: from number `at` of those whose name begins with `of`, so many `times`."""

    happening: Happening
    at: int = 0
    of: str = ""
    times: int = 1
    met: int = 0

    def takes(self, call: str) -> bool:
        """Count a call, and say whether it is one of those."""
        if not call.startswith(self.of):
            return False
        self.met += 1
        return self.at < self.met <= self.at + self.times

    @property
    def was_reached(self) -> bool:
        """Whether there was such a call."""
        return self.met > self.at


@dataclass
class Outbound:
    """Lists the calls, named `service.Operation`, and lets what is planned happen; not within another happening."""

    calls: list[str] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    _is_busy: bool = False

    def watch(self, *clients: BaseEventHooks) -> None:
        """See the calls of these clients (of a session: of all that it makes from now)."""
        for events in clients:
            events.register("before-call", self._before)  # type: ignore[arg-type]  # it may answer; the stub says None
            events.register("after-call", self._after)

    def arrange(self, happening: Happening, *, at: int = 0, of: str = "", times: int = 1) -> Plan:
        """Plan something, counted from now."""
        plan = Plan(happening, at, of, times)
        self.plans.append(plan)
        return plan

    def clear(self) -> None:
        """Forget all calls and plans."""
        self.calls.clear()
        self.plans.clear()

    def _before(self, model: OperationModel, context: dict[str, Any], **_: object) -> Reply | None:
        if self._is_busy:
            return None
        call = f"{model.service_model.service_name}.{model.name}"
        self.calls.append(call)
        for happening in self._at(call):
            context["happening"] = happening
            self._is_busy = True
            try:
                reply = happening.before(call)
            finally:
                self._is_busy = False
            if reply:
                del context["happening"]
                return reply
        return None

    def _after(self, model: OperationModel, context: dict[str, Any], **_: object) -> None:
        if happening := context.pop("happening", None):
            happening.after(model.name)

    def _at(self, call: str) -> Iterable[Happening]:
        return [plan.happening for plan in self.plans if plan.takes(call)]


def a_refusal(code: str, *, status: int = 400, message: str = "") -> Reply:
    """Build a service's answer that it did not do it."""
    http = AWSResponse("https://aws", status, HTTPHeaders(), None)
    return http, {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
