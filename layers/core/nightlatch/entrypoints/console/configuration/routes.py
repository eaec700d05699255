"""The pages of configuration. Auditors look, administrators change."""

from nightlatch.entrypoints.console.configuration import (
    audit,
    detectors,
    flow_edit,
    flows,
    people,
    replays,
    rules,
    settings,
)
from nightlatch.entrypoints.console.site import ADMINS, READERS, Pages

PAGES: Pages = {
    # Before what anybody may look at: `_new` could stand for a flow's id there.
    ADMINS: {
        ("GET", "/configuration/flows/_new"): flow_edit.ask_for_new,
        ("POST", "/configuration/flows/_new"): flow_edit.create,
        ("POST", "/configuration/flows/_new/check"): flow_edit.check_new,
        ("GET", "/configuration/flows/{flow_id}/edit"): flow_edit.edit,
        ("POST", "/configuration/flows/{flow_id}/edit"): flow_edit.save,
        ("POST", "/configuration/flows/{flow_id}/edit/check"): flow_edit.check,
        ("GET", "/configuration/flows/{flow_id}/delete"): flow_edit.ask_to_delete,
        ("POST", "/configuration/flows/{flow_id}/delete"): flow_edit.delete,
        ("POST", "/configuration/settings/audit"): audit.save,
        ("POST", "/configuration/settings/detectors/{name}"): detectors.save,
        ("POST", "/configuration/settings/detectors/{name}/reset"): detectors.reset,
        ("POST", "/configuration/settings/detectors/{name}/try"): detectors.start_trial,
        ("GET", "/configuration/settings/new-rule"): rules.ask_for_new,
        ("POST", "/configuration/settings/new-rule"): rules.create,
        ("POST", "/configuration/settings/rules/{rule_id}"): rules.save,
        ("POST", "/configuration/settings/rules/{rule_id}/switch"): rules.switch,
        ("GET", "/configuration/settings/rules/{rule_id}/remove"): rules.ask_to_remove,
        ("POST", "/configuration/settings/rules/{rule_id}/remove"): rules.remove,
        ("POST", "/configuration/settings/rule-trials"): rules.start_trial,
        ("GET", "/configuration/people/{person_id}/stop"): people.ask_to_stop,
        ("POST", "/configuration/people/{person_id}/stop"): people.stop,
    },
    READERS: {
        ("GET", "/configuration/flows"): flows.show_all,
        ("GET", "/configuration/flows/{flow_id}"): flows.show,
        ("GET", "/configuration/settings"): settings.show,
        ("GET", "/configuration/settings/audit"): audit.show,
        ("GET", "/configuration/settings/deployment"): settings.show_deployment,
        ("GET", "/configuration/settings/detectors"): detectors.show_all,
        ("GET", "/configuration/settings/detectors/{name}"): detectors.show,
        ("GET", "/configuration/settings/rules"): rules.show_all,
        ("GET", "/configuration/settings/rules/{rule_id}"): rules.show,
        ("GET", "/configuration/settings/replays/{replay_id}"): replays.show,
        ("GET", "/configuration/people"): people.show_all,
        ("GET", "/configuration/people/{person_id}"): people.show,
    },
}
