"""Access flows to be written: made, changed and deleted."""

from collections.abc import Sequence
from typing import NamedTuple

from nightlatch.domain.access_flow import AccessFlow
from nightlatch.domain.errors import ConflictError, Fault, NotFoundError
from nightlatch.domain.integration import Resource
from nightlatch.domain.opening_hours import WEEK
from nightlatch.domain.selectors import Operator
from nightlatch.entrypoints.console.answers import Answer, redirect
from nightlatch.entrypoints.console.configuration.editing import NOTHING, Told, attempt, version_in
from nightlatch.entrypoints.console.configuration.flow_form import FlowForm, faults_by_place
from nightlatch.entrypoints.console.configuration.flow_words import Changed, FlowWords, told
from nightlatch.entrypoints.console.configuration.flows import Site, reached

FLOWS = "/configuration/flows"
NEW = f"{FLOWS}/_new"
"""No flow is called so: an id has no underscore."""

BAD_REQUEST = 400
CONFLICT = 409
MOST_SUGGESTED = 500


class Meanwhile(NamedTuple):
    """What somebody else did to a flow since its form was opened."""

    flow: AccessFlow
    changes: Sequence[Changed]


class Offered(NamedTuple):
    """What there is on a connected system, to be named in a flow."""

    types: Sequence[str]
    names: Sequence[str]
    tags: Sequence[str]
    permissions: Sequence[str]

    @classmethod
    def of(cls, resources: Sequence[Resource]) -> "Offered":
        """List what a scan found."""
        permissions = [one for resource in resources for one in resource.permissions]
        tags = [tag for one in resources for tag in one.tags] + [tag for one in permissions for tag in one.tags]
        return cls(
            types=sorted({resource.type for resource in resources}),
            names=sorted({resource.name for resource in resources}),
            tags=sorted(set(tags)),
            permissions=sorted({permission.name for permission in permissions}),
        )


def ask_for_new(visitor: Site) -> Answer:
    """Show the form of a new flow."""
    return _page(visitor, FlowForm.empty(visitor.desk.settings().time_zone))


def check_new(visitor: Site) -> Answer:
    """Show the form of a new flow as it was filled in, and what would come of it."""
    return _page(visitor, FlowForm.sent(visitor.visit.form))


def create(visitor: Site) -> Answer:
    """Make a flow. One that exists is not overwritten."""
    form = FlowForm.sent(visitor.visit.form)
    if faults := form.faults():
        return _page(visitor, form, Told(BAD_REQUEST, faults))
    came = attempt(lambda: visitor.desk.flows().put(form.id, form.definition(), visitor.call, if_match=None))
    if isinstance(came, Told):
        taken = Fault("/id", f"is taken: there is an access flow {form.id}")
        return _page(visitor, form, Told(CONFLICT, (taken,)) if came.is_stale else came)
    return redirect(f"{FLOWS}/{came.id}?done=saved")


def edit(visitor: Site, flow_id: str) -> Answer:
    """Show the form of a flow as it is in force."""
    flow = visitor.desk.flows().show(flow_id)
    form = FlowForm.of(flow, visitor.desk.settings().time_zone)
    if not form.holds(flow.definition):
        raise ConflictError(
            f"flow {flow_id} has names that a form would change: change it with `nightlatch flows apply`"
        )
    return _page(visitor, form, flow_id=flow_id, version=flow.version)


def check(visitor: Site, flow_id: str) -> Answer:
    """Show the form of a flow as it was filled in, and what would come of it."""
    return _page(visitor, _sent(visitor, flow_id), flow_id=flow_id, version=version_in(visitor.visit))


def save(visitor: Site, flow_id: str) -> Answer:
    """Put what was typed in force, in place of the version that it was made from."""
    form, version = _sent(visitor, flow_id), version_in(visitor.visit)
    if faults := form.faults():
        return _page(visitor, form, Told(BAD_REQUEST, faults), flow_id=flow_id, version=version)
    came = attempt(lambda: visitor.desk.flows().put(flow_id, form.definition(), visitor.call, if_match=version))
    if isinstance(came, Told):
        return _page(visitor, form, came, flow_id=flow_id, version=version)
    return redirect(f"{FLOWS}/{flow_id}?done=saved")


def ask_to_delete(visitor: Site, flow_id: str) -> Answer:
    """Ask whether a flow is to be taken out of force."""
    return _deletion(visitor, visitor.desk.flows().show(flow_id))


def delete(visitor: Site, flow_id: str) -> Answer:
    """Take a flow out of force."""
    flow, version = visitor.desk.flows().show(flow_id), version_in(visitor.visit)
    came = attempt(lambda: visitor.desk.flows().delete(flow_id, visitor.call, if_match=version))
    return _deletion(visitor, flow, came) if isinstance(came, Told) else redirect(FLOWS)


def _sent(visitor: Site, flow_id: str) -> FlowForm:
    """Read the form of a flow that is called so, whatever the form says of that."""
    return FlowForm.sent({**visitor.visit.form, "id": [flow_id]})


def _deletion(visitor: Site, flow: AccessFlow, came: Told = NOTHING) -> Answer:
    reach = visitor.desk.flow_reach()
    parts = FlowWords(reach.people(), reach.integrations()).parts(flow.definition)
    return visitor.page("configuration/flow_deletion.html", came.status, flow=flow, parts=parts, told=came)


def _page(
    visitor: Site, form: FlowForm, came: Told = NOTHING, *, flow_id: str = "", version: int | None = None
) -> Answer:
    reach = visitor.desk.flow_reach()
    people, integrations = reach.people(), reach.integrations()
    words, faults = FlowWords(people, integrations), form.faults()
    meanwhile = _meanwhile(visitor, words, flow_id, version) if came.is_stale else None
    return visitor.page(
        "configuration/flow_form.html",
        came.status,
        form=form,
        flow_id=flow_id,
        address=f"{FLOWS}/{flow_id}/edit" if flow_id else NEW,
        version=_next(meanwhile) if came.is_stale else version,
        told=came,
        meanwhile=meanwhile,
        wrong=faults_by_place(tuple(came.faults)),
        lacking=[told(fault) for fault in came.faults or faults],
        parts={} if faults else words.parts(form.definition()),
        words=words,
        reached=reached(reach, form.what, form.who),
        offered=Offered.of(reach.resources(form.integration) if form.integration else []),
        integrations=integrations,
        people=people[:MOST_SUGGESTED],
        groups=sorted({group for person in people for group in person.groups})[:MOST_SUGGESTED],
        days=WEEK,
        operators=list(Operator),
    )


def _meanwhile(visitor: Site, words: FlowWords, flow_id: str, version: int | None) -> Meanwhile | None:
    """Find what was changed between the version that a form was made from and the one that is last."""
    try:
        versions = visitor.desk.flows().versions(flow_id)
    except NotFoundError:
        return None
    last = versions[0]
    opened = next((one for one in versions if one.version == version), last)
    return Meanwhile(last, words.changes(opened.definition, last.definition))


def _next(meanwhile: Meanwhile | None) -> int | None:
    """Say which version a form overwrites when it is sent again: who has seen what changed may."""
    return None if meanwhile is None or meanwhile.flow.is_deleted else meanwhile.flow.version
