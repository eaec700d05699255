"""Settings: what is chosen here, at a glance, and what the deployment chose."""

from typing import NamedTuple

from nightlatch.bootstrap.settings import Settings
from nightlatch.domain.detectors.choices import DetectorChoices
from nightlatch.entrypoints.console.answers import Answer
from nightlatch.entrypoints.console.configuration.desk import ConfigurationDesk
from nightlatch.entrypoints.console.visitor import Visitor
from nightlatch.entrypoints.console.wording import plural


class Summary(NamedTuple):
    """A group of settings, and what holds of it now."""

    address: str
    icon: str
    name: str
    about: str
    now: str


class Deployed(NamedTuple):
    """What the deployment chose: its name, what it means, and the parameter of the template that changes it."""

    name: str
    value: str
    meaning: str
    parameter: str


def show(visitor: Visitor[ConfigurationDesk]) -> Answer:
    """List the groups of settings, each with what holds now."""
    return visitor.page("configuration/settings.html", summaries=[*_chosen(visitor.desk), _deployment(visitor.desk)])


def show_deployment(visitor: Visitor[ConfigurationDesk]) -> Answer:
    """Show what the deployment chose."""
    settings = visitor.desk.settings()
    return visitor.page("configuration/deployment.html", deployed=_deployed(settings), code=settings.code)


def _chosen(desk: ConfigurationDesk) -> list[Summary]:
    here, trail = "/configuration/settings", desk.audit_settings().show().choices
    detectors = [one.enabled for _, one in desk.anomaly_settings().show().choices if isinstance(one, DetectorChoices)]
    rules = [rule.choices.is_active for rule in desk.alert_rules().all()]
    writers = plural(len(trail.writers), "writer")
    return [
        Summary(
            f"{here}/audit",
            "scroll",
            "Audit trail",
            "How long events are kept, which reads are events, and which services may write some.",
            f"{trail.retention_days} days, {trail.reads} reads, {writers}",
        ),
        Summary(
            f"{here}/detectors",
            "shield",
            "Detectors",
            "What looks for anomalies, by what words and thresholds, and whom it leaves out.",
            f"{sum(detectors)} of {len(detectors)} look",
        ),
        Summary(
            f"{here}/rules",
            "bolt",
            "Alert rules",
            "Events of your own choosing that, so many within a time, are an anomaly.",
            f"{sum(rules)} of {len(rules)} are on",
        ),
    ]


def _deployment(desk: ConfigurationDesk) -> Summary:
    return Summary(
        "/configuration/settings/deployment",
        "box",
        "Deployment",
        "Time zone, roles and limits: chosen with the stack, shown here.",
        f"{desk.settings().time_zone}, {plural(desk.settings().open_requests, 'open request')} each",
    )


def _deployed(settings: Settings) -> list[Deployed]:
    admins, auditors = ", ".join(sorted(settings.admin_groups)), ", ".join(sorted(settings.auditor_groups))
    exceptions = ", ".join(sorted(settings.egress_exceptions)) or "none"
    return [
        Deployed("Time zone", settings.time_zone, "In which times are shown and read, and months counted.", "TimeZone"),
        Deployed("Administrators", admins, "Members of these groups administer Nightlatch.", "AdminGroups"),
        Deployed("Auditors", auditors or "none", "Members of these groups read the whole trail.", "AuditorGroups"),
        Deployed("Groups claim", settings.groups_claim, "Where a token lists somebody's groups.", "GroupsClaim"),
        Deployed(
            "Open requests",
            f"{settings.open_requests} each",
            "So many may one person or service have open at the same time.",
            "OpenRequests",
        ),
        Deployed(
            "Retention at first",
            f"{settings.retention.days} days",
            "Holds until an administrator chooses another one under Audit trail.",
            "RetentionDays",
        ),
        Deployed("Ways out", exceptions, "Hosts inside, or on other ports, that may be called.", "EgressExceptions"),
    ]
