"""Noticing that something else runs than before, and telling it once."""

from collections.abc import Mapping
from contextlib import suppress

from nightlatch.domain.audit_event import Origin, Source
from nightlatch.domain.deployment import started
from nightlatch.domain.errors import RivalChangeError
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.deploying import Deployments
from nightlatch.services.ports.writing import UnitOfWork


class Deploying:
    """Knows what runs: `code` and the `policy` that it was deployed with."""

    def __init__(
        self,
        *,
        unit_of_work: UnitOfWork,
        deployments: Deployments,
        clock: Clock,
        code: str,
        policy: Mapping[str, str],
    ) -> None:
        self._unit_of_work = unit_of_work
        self._deployments = deployments
        self._clock = clock
        self._code = code
        self._policy = dict(policy)

    def notice(self) -> None:
        """Tell what runs now, unless that is known; whoever comes second has nothing to tell."""
        known = self._deployments.deployment()
        change = started(known, code=self._code, policy=self._policy, at=self._clock())
        if change:
            with suppress(RivalChangeError):
                self._unit_of_work.commit(change, origin=Origin(source=Source.SYSTEM))
