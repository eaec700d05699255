"""What the fake API answers has the very fields that the real one answers with."""

from typing import get_type_hints

import pytest

from nightlatch.domain.access_flow import FlowDefinition
from nightlatch.domain.approval_rule import ApprovalStep
from nightlatch.entrypoints.api.views.dry_runs import Alternative, DryRunView, Objection
from nightlatch.entrypoints.api.views.flows import FlowVersion, FlowView
from nightlatch.entrypoints.api.views.outcomes import OutcomeView
from nightlatch.entrypoints.api.views.people import PersonView
from nightlatch.entrypoints.api.views.requests import ItemView, RequestView, StepView
from tests.unit.entrypoints.cli import fake_api


@pytest.mark.parametrize(
    ("shape", "view"),
    [
        (fake_api.a_request(), RequestView),
        (fake_api.an_item(), ItemView),
        (fake_api.a_step(), StepView),
        (fake_api.a_rule(), ApprovalStep),
        (fake_api.a_dry_run(), DryRunView),
        (fake_api.a_refused_dry_run(), DryRunView),
        (fake_api.a_refused_dry_run()["why_not"][0], Objection),
        (fake_api.an_alternative(), Alternative),
        (fake_api.an_outcome(), OutcomeView),
        (fake_api.somebody(), PersonView),
        (fake_api.a_flow(), FlowView),
        (fake_api.a_flow_version(), FlowVersion),
        (fake_api.a_flow()["definition"], FlowDefinition),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_the_fake_answers_with_the_fields_of_the_real_api(shape: fake_api.Json, view: type[object]) -> None:
    assert set(shape) == get_type_hints(view).keys() - {"model_config"}


def test_the_fakes_flow_is_a_definition_that_the_domain_takes() -> None:
    written = fake_api.a_flow()["definition"]

    assert FlowDefinition.model_validate(written).name == written["name"]
