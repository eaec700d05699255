"""The console's form of an access flow: made, changed and deleted, with and without scripts."""

from datetime import timedelta
from html.parser import HTMLParser

import pytest

from nightlatch.domain.access_flow import AccessFlow, ExtensionRule, FlowDefinition, Requirements
from nightlatch.domain.approval_rule import ApprovalRule, ApprovalStep, Escalation
from nightlatch.domain.opening_hours import WEEK, OpeningHours
from nightlatch.domain.selectors import (
    Attribute,
    Condition,
    Match,
    Operator,
    PeopleSelector,
    ResourceSelector,
    TargetSelector,
    Who,
)
from tests.builders import ADA, EVE, HOUR, IVO, MAYA, NOA, OMAR, World, a_call, a_definition, groups_are
from tests.functions.browser import Browser, Page
from tests.functions.test_console_access import SCRIPTS, signed_in

FLOWS = "/configuration/flows"
NEW = f"{FLOWS}/_new"
ORDERS = f"{FLOWS}/orders-roles"
EDIT = f"{ORDERS}/edit"

Sent = list[tuple[str, str]]

EVERY_PART = a_definition(
    name="Every part",
    who=Who(
        match=Match.ALL,
        conditions=(
            Condition(attribute=Attribute.GROUP, operator=Operator.STARTS_WITH, values=("dba-", "ops, night")),
            Condition(attribute=Attribute.PERSON, operator=Operator.IS_NOT, values=(MAYA.id, "usr_gone")),
        ),
    ),
    on_behalf=PeopleSelector(people=(OMAR.id,), groups=("support",)),
    what=TargetSelector(
        integration="orders-db",
        resource_type="database",
        names=("orders", "billing"),
        ids=("o-1",),
        tags=("prod",),
        exclude=ResourceSelector(names=("payroll",), ids=("p-1",), tags=("secret",)),
        permissions=("role1", "role3"),
    ),
    default=timedelta(minutes=90),
    maximum=timedelta(days=2),
    extensions=ExtensionRule(count=3, longest=timedelta(seconds=45)),
    when=OpeningHours(zone="Europe/Berlin", days=(WEEK[0], WEEK[4]), start="22:00", end="06:00"),
    approve=ApprovalRule(
        window=timedelta(hours=30),
        steps=(
            ApprovalStep(
                needed=2,
                groups=("approvers", "leads"),
                escalation=Escalation(after=4 * HOUR, groups=("admins",), people=(NOA.id,)),
            ),
            ApprovalStep(needed="all", people=(ADA.id,), groups=("admins",)),
        ),
    ),
    require=Requirements(
        minimum_length=10, justification_pattern="INC.*", ticket=True, ticket_pattern="OPS-[0-9]+", approver_reason=True
    ),
).model_copy(update={"description": "Two lines:\nthis is the second."})


class _Controls(HTMLParser):
    """Collects what a browser would send of the form of a flow."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.sent: Sent = []
        self.area = ""
        self.select = ""
        self.options: list[tuple[str | None, bool]] = []
        self.is_inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a control."""
        names = {name: text or "" for name, text in attrs}
        self.is_inside = self.is_inside or (tag == "form" and names.get("id") == "flow")
        if not self.is_inside:
            return
        is_box = names.get("type") in {"checkbox", "radio"}
        if tag == "input" and (not is_box or "checked" in names):
            self.sent.append((names["name"], names.get("value", "on" if is_box else "")))
        elif tag == "textarea":
            self.area = names["name"]
            self.sent.append((self.area, ""))
        elif tag == "select":
            self.select, self.options = names["name"], []
        elif tag == "option" and self.select:
            self.options.append((names.get("value"), "selected" in names))

    def handle_data(self, data: str) -> None:
        """Take what stands in a control."""
        if self.area:
            self.sent[-1] = (self.area, data.replace("\n", "\r\n"))
        elif self.select and self.options and self.options[-1][0] is None:
            self.options[-1] = (data, self.options[-1][1])

    def handle_endtag(self, tag: str) -> None:
        """Leave a control."""
        if tag == "textarea":
            self.area = ""
        elif tag == "select" and self.select:
            chosen = [value for value, is_selected in self.options if is_selected] or [self.options[0][0]]
            self.sent.append((self.select, chosen[0] or ""))
            self.select = ""
        elif tag == "form":
            self.is_inside = False


def as_it_stands(page: Page) -> Sent:
    """Read what the form in a page would send."""
    return _Controls(page.html).sent


def typed(page: Page, **fields: object) -> Sent:
    """Fill fields of a form in: one that is None is left out, a list is sent several times."""
    given = {name.replace("__", "-"): value for name, value in fields.items()}
    sent = [(name, value) for name, value in as_it_stands(page) if name not in given]
    for name, value in given.items():
        sent += [(name, str(one)) for one in (value if isinstance(value, list) else [value]) if value is not None]
    return sent


GOOD: dict[str, object] = {
    "name": "Read orders",
    "id": "read-orders",
    "condition__0__values": ["developers"],
    "integration": "orders-db",
    "names": "orders",
    "permissions": "role1\r\nrole3",
    "step__0__groups": ["approvers"],
}


@pytest.fixture
def ada(world: World) -> Browser:
    return signed_in(world, ADA)


def written(world: World, definition: FlowDefinition) -> AccessFlow:
    """Put a definition in force in place of the flow there is."""
    current = world.flows.show("orders-roles")
    return world.flows.put("orders-roles", definition, a_call(NOA), if_match=current.version)


def test_a_flow_is_made(world: World, ada: Browser) -> None:
    answer = ada.post(NEW, typed(ada.get(NEW), **GOOD))

    assert answer.headers["Location"] == f"{FLOWS}/read-orders?done=saved"
    made = world.flows.show("read-orders")
    assert (made.version, made.updated_by.name) == (1, "Ada")
    assert made.definition == a_definition(
        name="Read orders",
        what=TargetSelector(integration="orders-db", names=("orders",), permissions=("role1", "role3")),
        approvers=["approvers"],
    )
    assert "Saved." in ada.get(answer.headers["Location"]).text


@pytest.mark.parametrize(
    "definition",
    [
        EVERY_PART,
        a_definition(needed=0),
        a_definition(require=Requirements(justification=False)),
        a_definition(what=TargetSelector(integration="not-connected", names=("*",), permissions=("*",))),
    ],
    ids=["every part", "nobody approves", "nothing required", "a system that is gone"],
)
def test_what_is_saved_as_it_was_opened_changes_nothing(world: World, ada: Browser, definition: FlowDefinition) -> None:
    before = written(world, definition)

    answer = ada.post(EDIT, as_it_stands(ada.get(EDIT)))

    assert answer.status == 303
    assert world.flows.show("orders-roles") == before


@pytest.mark.parametrize("name", ["a\nb", "a\u2028b", " a", "a ", "\u202egnp"])
def test_a_flow_whose_names_a_form_would_change_is_not_opened_in_one(world: World, ada: Browser, name: str) -> None:
    """F2: what is left out of a flow must not come into it because somebody saved another change."""
    excluded = ResourceSelector(names=(name,))
    what = TargetSelector(integration="orders-db", names=("*",), exclude=excluded, permissions=("*",))
    written(world, a_definition(what=what))

    page = ada.get(EDIT)

    assert (page.status, "has names that a form would change" in page.text) == (409, True)


def test_a_flow_that_names_very_many_can_be_changed(world: World, ada: Browser) -> None:
    many = tuple(f"group-{number}" for number in range(400))
    written(world, a_definition(who=groups_are(*many)))

    assert ada.post(EDIT, typed(ada.get(EDIT), name="Many")).status == 303
    assert world.flows.show("orders-roles").definition == a_definition(name="Many", who=groups_are(*many))


def test_every_part_can_be_typed(world: World, ada: Browser) -> None:
    page = ada.post(f"{NEW}/check", typed(ada.get(NEW), do="add-condition"))
    page = ada.post(f"{NEW}/check", typed(page, do="add-step"))
    sent = typed(
        page,
        id="every-part",
        name="Every part",
        description="Two lines:\r\nthis is the second.",
        match="all",
        condition__0__operator="starts with",
        condition__0__values=["dba-", "ops, night"],
        condition__1__attribute="person",
        condition__1__operator="is not",
        condition__1__values=[MAYA.id, "usr_gone"],
        behalf__people=[OMAR.id],
        behalf__groups=["support"],
        integration="orders-db",
        resource_type="database",
        names="orders\r\nbilling",
        ids="o-1",
        tags="prod",
        never_names="payroll",
        never_ids="p-1",
        never_tags="secret",
        permissions="role1\r\n\r\nrole3",
        default="90",
        default__unit="M",
        maximum="2",
        maximum__unit="D",
        extensions="3",
        longest="45",
        longest__unit="S",
        hours="these",
        zone="Europe/Berlin",
        days=["mon", "fri"],
        start="22:00",
        end="06:00",
        window="30",
        step__0__needed="2",
        step__0__groups=["approvers", "leads"],
        step__0__after="4",
        step__0__later__groups=["admins"],
        step__0__later__people=[NOA.id],
        step__1__needed="all",
        step__1__groups=["admins"],
        step__1__people=[ADA.id],
        minimum_length="10",
        justification_pattern="INC.*",
        ticket="on",
        ticket_pattern="OPS-[0-9]+",
        approver_reason="on",
    )

    assert ada.post(NEW, sent).status == 303
    assert world.flows.show("every-part").definition == EVERY_PART


def test_a_form_that_is_wrong_is_shown_again_with_what_was_typed_and_each_fault_by_its_name(ada: Browser) -> None:
    page = ada.post(NEW, typed(ada.get(NEW), name="Half a flow", default="soon", maximum="0", names="orders\r\nx"))

    assert page.status == 400
    assert "Nothing was saved yet." in page.text
    for fault in (
        "Id: must be lower case letters",
        "Who may ask, condition 1: must not be empty.",
        "Integration: must be chosen.",
        "Permissions: must not be empty.",
        "Default duration: must be a whole number.",
        "Maximum duration: must be longer than nothing.",
        "Who approves, step 1: must name people or groups.",
    ):
        assert fault in page.text
    assert "Who may ask: must not be empty" not in page.text
    assert ("name", "Half a flow") in as_it_stands(page)
    assert ("names", "orders\r\nx") in as_it_stands(page)
    assert ("default", "soon") in as_it_stands(page)


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"name": ""}, "Name: must not be empty."),
        ({"id": "Read Orders"}, "Id: must be lower case letters"),
        ({"permissions": f"role1\r\n{'x' * 257}"}, "Line 2 must not have more than 256 characters."),
        ({"tags": "*"}, "Line 1 must be a name"),
        ({"names": ""}, "For what: must select resources by names, ids or tags"),
        ({"default": "9"}, "How long: default must not be longer than maximum."),
        ({"maximum": "31", "maximum__unit": "D"}, "Maximum duration: must not be longer than 30 days."),
        ({"hours": "these", "zone": "Nowhere"}, "Time zone: must be the IANA name of a time zone"),
        ({"hours": "these", "start": "8"}, "From: is not written like one."),
        ({"hours": "these", "days": None}, "Days: must not be empty."),
        ({"hours": "these", "end": "08:00"}, "When it may begin: start must be another time than end"),
        ({"step__0__needed": "2", "step__0__groups": [], "step__0__people": [NOA.id]}, "cannot need 2 of 1 people."),
        ({"step__0__needed": "lots"}, "Who approves, step 1: "),
        ({"step__0__after": "4"}, "Who approves, step 1: must name people or groups."),
        ({"step__0__later__groups": ["leads"]}, "Who approves, step 1: must be a whole number."),
        ({"window": ""}, "Approval window: must be a whole number."),
        ({"extensions": "2", "longest": ""}, "Length of an extension: must be a whole number."),
        ({"minimum_length": "many"}, "Shortest justification: must be a whole number."),
        ({"ticket_pattern": "("}, "Pattern of the ticket: is no regular expression"),
        ({"condition__0__values": ["*"]}, 'Who may ask, condition 1: "*" stands for everybody only in'),
        ({"match": "some"}, "How many of the conditions must hold: is none of the choices."),
    ],
)
def test_each_field_says_what_is_wrong_with_it(
    world: World, ada: Browser, fields: dict[str, object], fault: str
) -> None:
    page = ada.post(NEW, typed(ada.get(NEW), **{**GOOD, **fields}))

    assert page.status == 400
    assert fault in page.text
    assert [flow.id for flow in world.flows.all()] == ["orders-roles"]


def test_a_form_whose_steps_got_lost_makes_no_flow_that_nobody_approves(world: World, ada: Browser) -> None:
    sent = [(name, text) for name, text in typed(ada.get(NEW), **GOOD) if not name.startswith("step-")]

    page = ada.post(NEW, [(name, text) for name, text in sent if name != "approval"])

    assert page.status == 400
    assert "Who approves: needs a step, unless nobody approves." in page.text
    assert len(world.flows.all()) == 1


def test_that_nobody_approves_is_chosen_on_purpose(world: World, ada: Browser) -> None:
    page = ada.post(f"{NEW}/check", typed(ada.get(NEW), **GOOD, approval="nobody"))
    ada.post(NEW, as_it_stands(page))

    assert "Who approves Nobody: granted at once" in page.text
    assert ("step-0-groups", "approvers") in as_it_stands(page)
    assert world.flows.show("read-orders").definition.approve.is_automatic


def test_an_id_that_is_taken_is_not_overwritten(world: World, ada: Browser) -> None:
    page = ada.post(NEW, typed(ada.get(NEW), **{**GOOD, "id": "orders-roles"}))

    assert page.status == 409
    assert "Id: is taken: there is an access flow orders-roles." in page.text
    assert world.flows.show("orders-roles").version == 1


def test_conditions_and_steps_are_added_removed_and_moved_with_what_was_typed_kept(ada: Browser) -> None:
    page = ada.post(f"{NEW}/check", typed(ada.get(NEW), **GOOD, do="add-condition"))
    page = ada.post(f"{NEW}/check", typed(page, condition__1__values=["ops"], do="add-step"))
    page = ada.post(f"{NEW}/check", typed(page, step__1__groups=["leads"], do="raise-step-1"))
    sent = dict(as_it_stands(page))
    fewer = ada.post(f"{NEW}/check", typed(page, do="remove-condition-0"))
    fewer = ada.post(f"{NEW}/check", typed(fewer, do="remove-step-1"))

    assert (sent["name"], sent["names"]) == ("Read orders", "orders")
    assert [one for one in as_it_stands(page) if one[1] in {"developers", "ops"}] == [
        ("condition-0-values", "developers"),
        ("condition-1-values", "ops"),
    ]
    assert ("step-0-groups", "leads") in as_it_stands(page)
    assert ("step-1-groups", "approvers") in as_it_stands(page)
    assert "developers" not in dict(as_it_stands(fewer)).values()
    assert ("condition-0-values", "ops") in as_it_stands(fewer)
    assert not any(name.startswith("step-1") for name, _ in as_it_stands(fewer))


@pytest.mark.parametrize("wish", ["raise-step-0", "raise-step-7", "remove-step-7", "remove-everything", "add-flow"])
def test_a_button_that_is_none_changes_nothing(ada: Browser, wish: str) -> None:
    page = ada.post(f"{NEW}/check", typed(ada.get(NEW), **GOOD, do=wish))

    assert typed(page, **GOOD) == typed(ada.get(NEW), **GOOD)


def test_what_would_come_of_it_is_told_before_it_is_saved(world: World, ada: Browser) -> None:
    world.acquaintances.note(a_call(MAYA))

    text = ada.post(f"{NEW}/check", typed(ada.get(NEW), **GOOD)).text

    assert "This can be saved." in text
    assert "Who approves 1 of approvers Approval window 1 d" in text
    assert "Who could ask now 1 person M Maya" in text
    assert "For what 1 resource orders Orders database · database role1 role3" in text
    assert "What there is Types 1 database Resources 1 orders" in text


def test_what_is_said_already_is_told_while_other_parts_are_missing(world: World, ada: Browser) -> None:
    world.acquaintances.note(a_call(MAYA))

    text = ada.post(f"{NEW}/check", typed(ada.get(NEW), condition__0__values=["developers"])).text

    assert "Still to be put right:" in text
    assert "Who could ask now 1 person" in text
    assert "For what 1 resource" not in text


def test_people_are_chosen_by_their_names(world: World, ada: Browser) -> None:
    world.acquaintances.note(a_call(NOA))

    page = ada.post(f"{NEW}/check", typed(ada.get(NEW), step__0__people=[NOA.id]))

    assert f'<option value="{NOA.id}">Noa, noa@example.com</option>' in page.html
    assert f'value="{NOA.id}" checked>Noa</label>' in page.html


def test_what_somebody_else_changed_meanwhile_is_shown_and_what_was_typed_stays(world: World, ada: Browser) -> None:
    sent = typed(ada.get(EDIT), name="Mine")
    theirs = a_definition(maximum=4 * HOUR)
    written(world, theirs)

    page = ada.post(EDIT, sent)

    assert page.status == 412
    assert "Noa changed this flow meanwhile Nothing was saved." in page.text
    assert "Maximum duration before: 8 h after: 4 h" in page.text
    assert ("name", "Mine") in as_it_stands(page)
    assert world.flows.show("orders-roles").definition == theirs

    assert ada.post(EDIT, as_it_stands(page)).status == 303
    assert world.flows.show("orders-roles").definition == a_definition(name="Mine")


def test_a_flow_that_was_deleted_meanwhile_can_be_made_anew(world: World, ada: Browser) -> None:
    sent = typed(ada.get(EDIT), name="Mine")
    world.flows.delete("orders-roles", a_call(NOA), if_match=1)

    page = ada.post(EDIT, sent)

    assert "Noa deleted this flow meanwhile" in page.text
    assert ada.post(EDIT, as_it_stands(page)).status == 303
    assert (world.flows.show("orders-roles").version, world.flows.show("orders-roles").definition.name) == (3, "Mine")


def test_a_form_that_does_not_say_its_version_overwrites_nothing(world: World, ada: Browser) -> None:
    page = ada.post(EDIT, typed(ada.get(EDIT), name="Mine", version=None))

    assert page.status == 428
    assert world.flows.show("orders-roles").version == 1


def test_a_version_of_a_flow_that_never_was_is_told_kindly(ada: Browser) -> None:
    answer = ada.post(f"{FLOWS}/never-was/edit", typed(ada.get(EDIT)))

    assert answer.status == 412
    assert "Nothing was saved" in answer.text


def test_nobody_changes_or_deletes_a_flow_under_which_their_own_request_waits(world: World, ada: Browser) -> None:
    written(world, a_definition(who=Who(conditions=(Condition(attribute="group", operator="is", values=("admins",)),))))
    request = world.submitted("role1", by=ADA)

    changed = ada.post(EDIT, typed(ada.get(EDIT), name="Mine"))
    deleted = ada.post(f"{ORDERS}/delete", [*as_it_stands(ada.get(EDIT))])

    assert (changed.status, deleted.status) == (409, 409)
    assert (
        f"Nothing was saved: your own request {request.id} waits for approval under flow orders-roles." in changed.text
    )
    assert ("name", "Mine") in as_it_stands(changed)
    assert f"Nothing was deleted: your own request {request.id} waits" in deleted.text
    assert world.flows.show("orders-roles").version == 2


def test_a_flow_is_deleted_after_a_second_look(world: World, ada: Browser) -> None:
    page = ada.get(f"{ORDERS}/delete")
    assert "Delete “Orders roles”?" in page.text

    answer = ada.post(f"{ORDERS}/delete", {"form_token": page.field("form_token"), "version": page.field("version")})

    assert answer.headers["Location"] == FLOWS
    assert world.flows.all() == []


def test_a_flow_that_was_changed_after_the_second_look_is_not_deleted(world: World, ada: Browser) -> None:
    page = ada.get(f"{ORDERS}/delete")
    written(world, a_definition(name="Other"))

    answer = ada.post(f"{ORDERS}/delete", {"form_token": page.field("form_token"), "version": page.field("version")})

    assert answer.status == 412
    assert "Noa changed it just now, after you opened this page. Nothing was deleted." in answer.text
    assert answer.field("version") == "2"


@pytest.mark.parametrize("address", [EDIT, f"{ORDERS}/delete", NEW])
@pytest.mark.parametrize("who", [IVO, EVE], ids=["auditor", "requester"])
def test_only_administrators_write_flows(world: World, who: object, address: str) -> None:
    browser = signed_in(world, who)  # type: ignore[arg-type]  # a principal
    token = browser.get("/request").field("form_token")

    assert browser.get(address).status == 403
    assert browser.post(address, {"form_token": token, "version": "1"}).status == 403
    assert world.flows.show("orders-roles").version == 1


def test_a_form_without_its_token_does_nothing(world: World, ada: Browser) -> None:
    sent = [(name, text) for name, text in as_it_stands(ada.get(EDIT)) if name != "form_token"]

    assert ada.post(EDIT, [*sent, ("name", "Forged")]).status == 403
    assert world.flows.show("orders-roles").version == 1


def test_a_flow_that_is_deleted_cannot_be_edited(world: World, ada: Browser) -> None:
    world.flows.delete("orders-roles", a_call(NOA), if_match=1)

    assert ada.get(EDIT).status == 404
    assert ada.get(f"{ORDERS}/delete").status == 404


@pytest.mark.parametrize("script", SCRIPTS)
def test_whatever_is_typed_is_text(ada: Browser, script: str) -> None:
    names = ("name", "id", "description", "integration", "resource_type", "names", "zone", "start", "ticket_pattern")
    texts = {**dict.fromkeys(names, script), "condition__0__values": [script], "step__0__groups": [script]}

    page = ada.post(NEW, typed(ada.get(NEW), **texts))

    assert page.status == 400
    assert not any({"onerror", "onload", "onmouseover"} & names.keys() for _, names in page.elements)
    assert not any(names.get("hx-get") == "/auth/logout" for _, names in page.elements)
    assert all("nonce" in names for tag, names in page.elements if tag == "script")
