"""What is deployed: noticed by the first sweep that runs after a deployment, and told."""

from datetime import datetime

from nightlatch.domain.audit_event import AuditEvent, EventType, ResourceReference
from nightlatch.domain.change import Change
from nightlatch.domain.identity import SYSTEM
from nightlatch.domain.value import Entity, Instant


class Deployment(Entity):
    """What was deployed when a sweep last looked: the code, and the policy that it was deployed with, by name."""

    code: str
    policy: dict[str, str]
    started_at: Instant


def started(known: Deployment | None, *, code: str, policy: dict[str, str], at: datetime) -> Change[Deployment] | None:
    """Notice what runs now; None when that is what ran before."""
    if known and (known.code, known.policy) == (code, policy):
        return None
    now = {"code": code, "policy": policy, "started_at": at}
    deployment = known.changed(**now) if known else Deployment.model_validate(now)
    return Change(deployment, (_event(known, deployment),))


def _event(before: Deployment | None, after: Deployment) -> AuditEvent:
    told = {"code": after.code, "policy": {**after.policy}}
    return AuditEvent(
        event_type=EventType.SYSTEM_STARTED,
        timestamp=after.started_at,
        actor=SYSTEM,
        resource=ResourceReference(type="system", id=SYSTEM.id, name=SYSTEM.name),
        description="Nightlatch was deployed anew" if before else "Nightlatch was deployed",
        details={"before": {"code": before.code, "policy": {**before.policy}} if before else None, "after": {**told}},
    )
