"""What the pages of configuration call."""

from collections.abc import Callable
from dataclasses import dataclass

from nightlatch.bootstrap.anomaly_settings import anomaly_settings
from nightlatch.bootstrap.audit import audit_trail
from nightlatch.bootstrap.audit_settings import audit_settings
from nightlatch.bootstrap.destinations import destinations
from nightlatch.bootstrap.flow_reach import flow_reach
from nightlatch.bootstrap.flows import access_flows
from nightlatch.bootstrap.integrations import integrations
from nightlatch.bootstrap.people import acquaintances
from nightlatch.bootstrap.requests import access_requests
from nightlatch.bootstrap.rules import alert_rules, replays
from nightlatch.entrypoints.console.desk import Desk
from nightlatch.services.access_flows import AccessFlows
from nightlatch.services.access_requests import AccessRequests
from nightlatch.services.alert_rules import AlertRuleDesk
from nightlatch.services.anomaly_settings import AnomalySettingsDesk
from nightlatch.services.audit_settings import AuditSettingsDesk
from nightlatch.services.audit_trail import AuditTrail
from nightlatch.services.destinations import Destinations
from nightlatch.services.flow_reach import FlowReach
from nightlatch.services.integrations import Integrations
from nightlatch.services.people import Acquaintances
from nightlatch.services.replays import Replays


@dataclass(frozen=True)
class ConfigurationDesk(Desk):
    """Access flows, systems, destinations, settings and people."""

    flows: Callable[[], AccessFlows] = access_flows
    flow_reach: Callable[[], FlowReach] = flow_reach
    audit_settings: Callable[[], AuditSettingsDesk] = audit_settings
    trail: Callable[[], AuditTrail] = audit_trail
    anomaly_settings: Callable[[], AnomalySettingsDesk] = anomaly_settings
    alert_rules: Callable[[], AlertRuleDesk] = alert_rules
    replays: Callable[[], Replays] = replays
    people: Callable[[], Acquaintances] = acquaintances
    requests: Callable[[], AccessRequests] = access_requests
    integrations: Callable[[], Integrations] = integrations
    destinations: Callable[[], Destinations] = destinations
