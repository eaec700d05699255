"""What an administrator does with alert rules."""

from nightlatch.domain.alert_rule import MOST_RULES, AlertRule, AlertRuleChoices
from nightlatch.domain.errors import (
    ConflictError,
    LimitReachedError,
    NotFoundError,
    StaleVersionError,
    VersionRequiredError,
)
from nightlatch.services.call import Call, despite_rivals
from nightlatch.services.ports.ambient import Clock
from nightlatch.services.ports.detection import AlertRules
from nightlatch.services.ports.writing import UnitOfWork


class AlertRuleDesk:
    """The use cases of those who make rules, and of those who look."""

    def __init__(self, *, unit_of_work: UnitOfWork, rules: AlertRules, clock: Clock) -> None:
        self._unit_of_work = unit_of_work
        self._rules = rules
        self._clock = clock

    def all(self) -> list[AlertRule]:
        """Read every rule, by id."""
        return self._rules.alert_rules()

    def show(self, rule_id: str) -> AlertRule:
        """Read one."""
        found = next((rule for rule in self.all() if rule.id == rule_id), None)
        if found is None:
            raise NotFoundError(f"no alert rule {rule_id}")
        return found

    def create(self, rule_id: str, choices: AlertRuleChoices, call: Call) -> AlertRule:
        """Make a rule. It counts what is recorded from now on."""
        return despite_rivals(lambda: self._create(AlertRule(id=rule_id, choices=choices), call))

    def _create(self, rule: AlertRule, call: Call) -> AlertRule:
        if call.earlier_result(self._unit_of_work):
            return self.show(rule.id)
        known = self.all()
        if any(one.id == rule.id for one in known):
            raise ConflictError(f"alert rule {rule.id} exists")
        if len(known) >= MOST_RULES:
            raise LimitReachedError(f"there are {MOST_RULES} alert rules already")
        change = rule.created(by=call.principal, at=self._clock())
        self._unit_of_work.commit(change, origin=call.origin, receipt=call.receipt(rule.id))
        return rule

    def edit(self, rule_id: str, choices: AlertRuleChoices, call: Call, *, if_match: int | None) -> AlertRule:
        """Replace what is chosen; `if_match` must name the version. The same choices change nothing."""
        return despite_rivals(lambda: self._edit(rule_id, choices, call, if_match))

    def _edit(self, rule_id: str, choices: AlertRuleChoices, call: Call, if_match: int | None) -> AlertRule:
        rule = self.show(rule_id)
        if rule.choices == choices:
            return rule
        _admit(rule, if_match)
        change = rule.chosen(choices, by=call.principal, at=self._clock())
        self._unit_of_work.commit(change, origin=call.origin)
        return change.state

    def remove(self, rule_id: str, call: Call, *, if_match: int | None) -> None:
        """Take a rule away. One that came with Nightlatch can be switched off only: it would come again."""
        despite_rivals(lambda: self._remove(rule_id, call, if_match))

    def _remove(self, rule_id: str, call: Call, if_match: int | None) -> None:
        rule = self.show(rule_id)
        if rule.is_delivered:
            raise ConflictError(f"alert rule {rule_id} comes with Nightlatch: switch it off instead")
        _admit(rule, if_match)
        event = rule.deleted(by=call.principal, at=self._clock())
        self._unit_of_work.record(event, origin=call.origin, ending=(rule,))


def _admit(rule: AlertRule, if_match: int | None) -> None:
    if if_match is None:
        raise VersionRequiredError(f"alert rule {rule.id} exists: send If-Match with its ETag")
    if if_match != rule.version:
        raise StaleVersionError(f"alert rule {rule.id} is at version {rule.version}, not {if_match}")
