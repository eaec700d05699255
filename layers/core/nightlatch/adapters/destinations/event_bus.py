"""Events on an EventBridge bus of somebody's own: source `nightlatch`, detail-type the event's name.

PutEvents may take some entries and fail others, and a bus promises no order. What has gone through is remembered until
it is reported as delivered, so that another attempt, or one in halves, sends only the rest. Only when this memory is
lost with its process may an entry arrive twice: its `id` tells.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import StringConstraints

from nightlatch.adapters.assumed_roles import AssumedRoles
from nightlatch.adapters.destinations.aws_sender import AwsSender, AwsSettings, no_secret
from nightlatch.adapters.destinations.http_sender import Tools
from nightlatch.domain.destination import Destination
from nightlatch.domain.ledger import LedgerEntry, canonical_json
from nightlatch.services.ports.destinations import Bounds, Outcome, Parcel, Verdict

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

SOURCE = "nightlatch"
BOUNDS = Bounds(entries=10, bytes=256_000)
"""AWS takes 10 entries, and since 2026 a megabyte; 256 KB is what every partition takes. One entry may be larger."""
TIME_BYTES = 14
"""So much a time counts, by AWS's own reckoning of an entry's size."""

REFUSED = {"MalformedDetail", "InvalidArgument"}
"""The errors that are about an entry. Throttling, failures and missing rights wait."""


class Settings(AwsSettings):
    """Which bus it is."""

    bus_arn: Annotated[
        str, StringConstraints(pattern=r"^arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/[A-Za-z0-9_./-]{1,256}$")
    ]


class EventBus(AwsSender):
    """The way to a bus."""

    service = "events"
    bounds = BOUNDS

    def __init__(
        self,
        destination: Destination,
        settings: Settings,
        *,
        roles: AssumedRoles,
        write: Callable[[LedgerEntry], dict[str, Any]],
        gone_through: set[str],
    ) -> None:
        region = settings.bus_arn.split(":")[3]
        super().__init__(destination, roles, region=region, role_arn=settings.role_arn)
        self._bus_arn = settings.bus_arn
        self._write = write
        self._gone_through = gone_through

    def weigh(self, entry: LedgerEntry) -> int:
        """Count the bytes of an entry as AWS does."""
        return TIME_BYTES + len(SOURCE) + len(entry.event_type.encode()) + len(canonical_json(self._write(entry)))

    def attempt(self, client: "EventBridgeClient", parcel: Parcel) -> Outcome:
        """Send what has not gone through yet."""
        left = [entry for entry in parcel.entries if entry.id not in self._gone_through]
        results = client.put_events(Entries=[self._put(entry) for entry in left])["Entries"] if left else []
        failed = {
            entry.id: code for entry, result in zip(left, results, strict=True) if (code := result.get("ErrorCode"))
        }
        self._gone_through.update(entry.id for entry in left if entry.id not in failed)
        if failed:
            return _failure(failed, parcel)
        self._gone_through.difference_update(entry.id for entry in parcel.entries)
        return Outcome(Verdict.DELIVERED, timedelta(), status=200)

    def _put(self, entry: LedgerEntry) -> "PutEventsRequestEntryTypeDef":
        return {
            "Time": entry.timestamp,
            "Source": SOURCE,
            "DetailType": entry.event_type,
            "Detail": canonical_json(self._write(entry)).decode(),
            "EventBusName": self._bus_arn,
        }


def _failure(failed: Mapping[str, str], parcel: Parcel) -> Outcome:
    """Judge by the codes of the entries that failed."""
    codes = sorted({*failed.values()})
    first = next(place for place, entry in enumerate(parcel.entries) if entry.id in failed)
    is_refused = REFUSED.issuperset(codes)
    return Outcome(
        Verdict.REFUSED if is_refused else Verdict.LATER,
        timedelta(),
        status=200,
        error=f"{len(failed)} of {len(parcel.entries)} events failed: {', '.join(codes)}",
        refused=first if is_refused else None,
    )


@cache
def gone_through(_destination_id: str) -> set[str]:
    """Remember what of a destination's entries has gone through, as long as this process lives."""
    return set()


def check_secret(_: Settings, secret: str) -> None:
    """Refuse any: the role is what lets us in. Raise ValueError."""
    no_secret(secret)


def addresses(_: Settings, _secret: str) -> Iterator[tuple[str, str]]:
    """List no address: only AWS is called."""
    return iter(())


def whole_secret(secret: str) -> str:
    """Add nothing."""
    return secret


def sender(tools: Tools, settings: Settings) -> EventBus:
    """Make the way to a bus."""
    return EventBus(
        tools.destination,
        settings,
        roles=tools.roles,
        write=tools.write,
        gone_through=gone_through(tools.destination.id),
    )
