"""Alert rules."""

from collections.abc import Iterable

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.content_types import APPLICATION_JSON
from typing_extensions import TypedDict

from nightlatch.domain.alert_rule import AlertRule, CountedPer, EventFilter, LocalHours
from nightlatch.domain.anomaly import AnomalySeverity
from nightlatch.entrypoints.api.views.base import view


@view
class AlertRuleView(TypedDict):
    """An alert rule. Version 0 is one that came with Nightlatch and was never changed."""

    id: str
    version: int
    is_delivered: bool
    name: str
    is_active: bool
    events: EventFilter
    hours: LocalHours | None
    count: int
    window_minutes: int
    per: CountedPer
    severity: AnomalySeverity


@view
class AlertRuleList(TypedDict):
    """Every alert rule, by id."""

    alert_rules: list[AlertRuleView]


def alert_rule_view(rule: AlertRule) -> AlertRuleView:
    """Show a rule."""
    chosen = rule.choices
    return AlertRuleView(
        id=rule.id,
        version=rule.version,
        is_delivered=rule.is_delivered,
        name=chosen.name,
        is_active=chosen.is_active,
        events=chosen.events,
        hours=chosen.hours,
        count=chosen.count,
        window_minutes=chosen.window_minutes,
        per=chosen.per,
        severity=chosen.severity,
    )


def alert_rule_list(rules: Iterable[AlertRule]) -> AlertRuleList:
    """Show rules."""
    return AlertRuleList(alert_rules=[alert_rule_view(rule) for rule in rules])


def alert_rule_answer(rule: AlertRule, *, status: int = 200) -> Response[AlertRuleView]:
    """Answer with a rule, the ETag of its version, and where it is."""
    headers: dict[str, str | list[str]] = {"ETag": f'"{rule.version}"', "Location": f"/v1/alert-rules/{rule.id}"}
    return Response(status, APPLICATION_JSON, alert_rule_view(rule), headers)
