"""Reading alert rules."""

from nightlatch.adapters.dynamodb.keys import ALERT_RULES, Key, key_of
from nightlatch.adapters.dynamodb.records import StateRecord, value_of
from nightlatch.domain.alert_rule import AlertRule, in_force


@key_of.register
def _(rule: AlertRule) -> Key:
    return ALERT_RULES, rule.id


class DynamoAlertRules:
    """Reads those that are stored, and joins them with those that come with Nightlatch."""

    def alert_rules(self) -> list[AlertRule]:
        """Read every rule, consistently, by id."""
        stored = StateRecord.query(ALERT_RULES, consistent_read=True)
        return in_force([value_of(record, AlertRule) for record in stored])
