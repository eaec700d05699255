"""Which anomalies a list shows."""

from datetime import timedelta

import pytest

from nightlatch.domain.anomaly import AnomalySeverity, AnomalyState, AnomalyType, NamedFlow, NamedResource
from nightlatch.domain.identity import Person
from nightlatch.services.ports.anomalies import AnomalyFilter, place_of
from tests.builders import ADA, NOON, an_anomaly

SECOND = timedelta(seconds=1)

THIS = (
    an_anomaly(
        "req_1",
        type=AnomalyType.HIGH_RISK_ACCESS,
        severity=AnomalySeverity.HIGH,
        resources=(NamedResource(type="database", id="db-1", name="Orders", permission="owner"),),
        requester=Person(id="usr_maya", name="Maya Stern", email="maya@example.com"),
        actor=Person(id="usr_noa", name="Noa Levi"),
        integration="orders-db",
        request_id="req_1",
        flow=NamedFlow(id="orders", name="Night shift", version=1),
        reason="Maya asked for owner",
    )
    .acknowledge(by=ADA, note="on it", at=NOON)
    .state
)
OTHER = an_anomaly("req_2", type=AnomalyType.ACCESS_AUTOMATION, at=NOON - SECOND)


@pytest.mark.parametrize(
    "wanted",
    [
        AnomalyFilter(types=frozenset({AnomalyType.HIGH_RISK_ACCESS, AnomalyType.INACTIVE_USER})),
        AnomalyFilter(severities=frozenset({AnomalySeverity.HIGH})),
        AnomalyFilter(states=frozenset({AnomalyState.ACKNOWLEDGED, AnomalyState.RESOLVED})),
        AnomalyFilter(resource_types=frozenset({"database"})),
        AnomalyFilter(resources=frozenset({"db-1"})),
        AnomalyFilter(resources=frozenset({"Orders", "nothing"})),
        AnomalyFilter(people=frozenset({"usr_maya"})),
        AnomalyFilter(people=frozenset({"usr_noa", "usr_eve"})),
        AnomalyFilter(integrations=frozenset({"orders-db"})),
        AnomalyFilter(request_ids=frozenset({"req_1"})),
        AnomalyFilter(since=NOON),
        *(
            AnomalyFilter(text=text)
            for text in ("HIGH RISK", "stern", "levi", "@example", "night", "orders-db", "OWNER", "on it")
        ),
        AnomalyFilter(text=THIS.id[4:12]),
    ],
)
def test_each_filter_admits_what_it_names_and_nothing_else(wanted: AnomalyFilter) -> None:
    assert (wanted.admits(THIS), wanted.admits(OTHER)) == (True, False)


def test_everything_that_is_asked_for_must_be_so() -> None:
    high = frozenset({AnomalySeverity.HIGH})

    assert AnomalyFilter(severities=high, integrations=frozenset({"orders-db"})).admits(THIS)
    assert not AnomalyFilter(severities=high, integrations=frozenset({"billing"})).admits(THIS)


def test_below_a_place_is_what_comes_after_it_and_until_is_exclusive() -> None:
    below = AnomalyFilter(below=place_of(THIS))

    assert (below.admits(THIS), below.admits(OTHER)) == (False, True)
    assert not AnomalyFilter(until=NOON).admits(THIS)
