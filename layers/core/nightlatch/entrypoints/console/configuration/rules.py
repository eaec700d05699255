"""Alert rules: which events, how many within which time, are an anomaly."""

import secrets
from collections.abc import Mapping

from nightlatch.domain.alert_rule import AlertRule, CountedPer
from nightlatch.domain.anomaly import AnomalySeverity
from nightlatch.domain.audit_event import EventType, Severity, Source
from nightlatch.domain.detection_lane import DetectionLane
from nightlatch.domain.opening_hours import WEEK
from nightlatch.entrypoints.console.answers import Answer, redirect
from nightlatch.entrypoints.console.configuration.chosen import faults_by_field
from nightlatch.entrypoints.console.configuration.desk import ConfigurationDesk
from nightlatch.entrypoints.console.configuration.editing import NOTHING, Told, attempt, version_in
from nightlatch.entrypoints.console.configuration.replays import REPLAYS, RULES, Trial, past_of
from nightlatch.entrypoints.console.configuration.rule_form import RuleForm
from nightlatch.entrypoints.console.visitor import Visitor

NEW = "/configuration/settings/new-rule"
CHOICES: Mapping[str, object] = {
    "severities": list(Severity),
    "sources": list(Source),
    "days": WEEK,
    "counted_per": list(CountedPer),
    "urgencies": list(AnomalySeverity),
    "event_names": sorted(EventType),
}

Site = Visitor[ConfigurationDesk]


def show_all(visitor: Site) -> Answer:
    """List the rules."""
    return visitor.page("configuration/rules.html", rules=visitor.desk.alert_rules().all())


def show(visitor: Site, rule_id: str) -> Answer:
    """Show a rule, or what was tried of it."""
    rule = visitor.desk.alert_rules().show(rule_id)
    return _page(visitor, _tried(visitor) or RuleForm.of(rule, visitor.desk.settings().time_zone), rule)


def ask_for_new(visitor: Site) -> Answer:
    """Show the form of a rule of one's own."""
    return _page(visitor, _tried(visitor) or RuleForm.empty(visitor.desk.settings().time_zone))


def create(visitor: Site) -> Answer:
    """Make a rule."""
    form = RuleForm.sent(visitor.visit)
    told = attempt(lambda: visitor.desk.alert_rules().create(form.checked_id(), form.choices(), visitor.call))
    return _page(visitor, form, told=told) if isinstance(told, Told) else redirect(f"{RULES}/{told.id}?done=saved")


def save(visitor: Site, rule_id: str) -> Answer:
    """Put what was typed in force."""
    desk, form, version = visitor.desk.alert_rules(), RuleForm.sent(visitor.visit), version_in(visitor.visit)
    rule = desk.show(rule_id)
    told = attempt(lambda: desk.edit(rule_id, form.choices(), visitor.call, if_match=version))
    return _page(visitor, form, rule, told) if isinstance(told, Told) else redirect(f"{RULES}/{rule_id}?done=saved")


def switch(visitor: Site, rule_id: str) -> Answer:
    """Switch a rule on or off."""
    desk, version = visitor.desk.alert_rules(), version_in(visitor.visit)
    choices = desk.show(rule_id).choices.model_copy(update={"is_active": visitor.visit.said("to") == "on"})
    desk.edit(rule_id, choices, visitor.call, if_match=version)
    return redirect(RULES)


def ask_to_remove(visitor: Site, rule_id: str) -> Answer:
    """Ask whether a rule is to be taken away."""
    return visitor.page("configuration/rule_removal.html", rule=visitor.desk.alert_rules().show(rule_id))


def remove(visitor: Site, rule_id: str) -> Answer:
    """Take a rule away."""
    visitor.desk.alert_rules().remove(rule_id, visitor.call, if_match=version_in(visitor.visit))
    return redirect(RULES)


def start_trial(visitor: Site) -> Answer:
    """Look through the past with what was typed, and keep none of what is found."""
    form = RuleForm.sent(visitor.visit)

    def start() -> DetectionLane:
        rule = AlertRule(id=form.checked_id(), choices=form.choices())
        return visitor.desk.replays().start(past_of(visitor, rule=rule), visitor.call)

    lane = attempt(start)
    if isinstance(lane, Told):
        known = {rule.id: rule for rule in visitor.desk.alert_rules().all()}
        is_new = visitor.visit.said("version") == ""
        return _page(visitor, form, None if is_new else known.get(form.id), lane)
    return redirect(f"{REPLAYS}/{lane.id}")


def _tried(visitor: Site) -> RuleForm | None:
    tried = visitor.visit.asked("tried")
    rule = visitor.desk.replays().show(tried).rule if tried else None
    return RuleForm.of(rule, visitor.desk.settings().time_zone) if rule else None


def _page(visitor: Site, form: RuleForm, rule: AlertRule | None = None, told: Told = NOTHING) -> Answer:
    return visitor.page(
        "configuration/rule.html",
        told.status,
        form=form,
        rule=rule,
        in_force=RuleForm.of(rule, visitor.desk.settings().time_zone) if rule else form,
        told=told,
        is_done=visitor.visit.asked("done") == "saved",
        is_tried=bool(visitor.visit.asked("tried")),
        faults=faults_by_field(told.faults),
        once=visitor.visit.said("once") or secrets.token_urlsafe(16),
        choices=CHOICES,
        trial=Trial.asked(visitor.visit),
    )
