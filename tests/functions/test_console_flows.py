"""The console's pages of access flows: which there are, how far each reaches, how it came to be so."""

from datetime import timedelta

import pytest

from nightlatch.domain.access_flow import GrantRule
from nightlatch.domain.selectors import EVERYTHING, TargetSelector
from tests.builders import (
    ADA,
    EVE,
    EVERYBODY,
    HOUR,
    IVO,
    MAYA,
    NOA,
    World,
    a_call,
    a_definition,
    a_principal,
    a_resource,
)
from tests.functions.browser import Browser
from tests.functions.test_console_access import SCRIPTS, signed_in

FLOWS = "/configuration/flows"
ORDERS = f"{FLOWS}/orders-roles"


@pytest.fixture
def ada(world: World) -> Browser:
    return signed_in(world, ADA)


def change(world: World, **parts: object) -> None:
    """Let Noa, who may, change the one flow there is."""
    world.clock.advance(timedelta(minutes=1))
    current = world.flows.show("orders-roles")
    definition = current.definition.model_copy(update=parts)
    world.flows.put("orders-roles", definition, a_call(NOA), if_match=current.version)


def test_each_flow_says_who_may_ask_for_what_how_long_and_who_approves(ada: Browser) -> None:
    text = ada.get(FLOWS).text

    assert (
        "Orders roles orders-roles In developers Any permission on orders Orders database 1 h, at most 8 h "
        "1 of approvers, admins 1 flow in force" in text
    )


def test_what_nobody_approves_stands_out_in_the_list(world: World, ada: Browser) -> None:
    change(world, approve=a_definition(needed=0).approve)

    assert "at most 8 h Nobody 1 flow" in ada.get(FLOWS).text


def test_no_flows_is_told_with_what_it_means(world: World, ada: Browser) -> None:
    world.flows.delete("orders-roles", a_call(ADA), if_match=1)

    assert "There are no access flows Without one nobody may ask for anything." in ada.get(FLOWS).text


def test_a_flow_tells_all_that_it_says_in_words(ada: Browser) -> None:
    text = ada.get(ORDERS).text

    for told in (
        "In force version 1, written by Ada",
        "Who may ask In developers For what Any permission on orders Integration Orders database",
        "How long 1 h, at most 8 h When At any time Who approves 1 of approvers, admins Approval window 1 d",
        "Must be said A justification",
    ):
        assert told in text


def test_a_flow_tells_who_could_ask_for_what_now(world: World, ada: Browser) -> None:
    world.acquaintances.note(a_call(MAYA))
    world.store.replace_resources("orders-db", [a_resource("orders", "role1", "role3"), a_resource("other")])

    text = ada.get(ORDERS).text

    assert "Who could ask now 1 person M Maya Whoever is in developers" in text
    assert "For what 1 resource orders Orders database · database role1 role3" in text


def test_of_many_the_first_are_named_and_the_others_counted(world: World, ada: Browser) -> None:
    for number in range(15):
        world.acquaintances.note(a_call(a_principal(f"p{number}", groups=["developers"])))
    resources = [a_resource(f"orders-{number}", *(f"role{one}" for one in range(14))) for number in range(20)]
    world.store.replace_resources("orders-db", resources)
    change(world, what=TargetSelector(integration="orders-db", names=(EVERYTHING,), permissions=(EVERYTHING,)))

    text = ada.get(ORDERS).text

    assert "15 people" in text
    assert "and 3 more" in text
    assert "20 resources" in text
    assert "role11 +2" in text
    assert "and 8 resources more" in text


def test_a_flow_that_reaches_nobody_and_nothing_says_so(world: World, ada: Browser) -> None:
    change(world, what=TargetSelector(integration="nowhere", names=("x",), permissions=("y",)))

    text = ada.get(ORDERS).text

    assert "Nobody who has been here." in text
    assert "No integration is connected as nowhere ." in text
    assert "Integration nowhere, which is not connected" in text


def test_a_flow_that_fits_nothing_that_was_found_says_so(world: World, ada: Browser) -> None:
    change(world, what=TargetSelector(integration="orders-db", names=("gone",), permissions=("y",)), who=EVERYBODY)

    text = ada.get(ORDERS).text

    assert "Nothing of Orders database fits." in text
    assert "Also people who have not been here yet" in text


def test_each_version_tells_who_made_it_and_what_it_changed(world: World, ada: Browser) -> None:
    change(world, grant=GrantRule(default=HOUR, maximum=4 * HOUR))

    text = ada.get(ORDERS).text

    assert "Changed, version 2 22 Nov 2026 12:01 by Noa Maximum duration before: 8 h after: 4 h" in text
    assert text.index("Changed, version 2") < text.index("Created, version 1")


def test_versions_are_shown_a_page_at_a_time(world: World, ada: Browser) -> None:
    for number in range(11):
        change(world, description=f"Text {number}")

    first = ada.get(ORDERS)
    second = ada.get(f"{ORDERS}?before=3")

    assert f'href="{ORDERS}?before=3#versions"' in first.html
    assert "version 12" in first.text
    assert "Created" not in first.text
    assert "Changed, version 2" in second.text
    assert "Changed, version 3" not in second.text
    assert "Older versions" not in second.text


def test_a_flow_that_was_deleted_is_still_told(world: World, ada: Browser) -> None:
    world.flows.delete("orders-roles", a_call(NOA), if_match=1)

    page = ada.get(ORDERS)

    assert "Deleted version 2, deleted by Noa" in page.text
    assert "Nobody: this flow is not in force any longer." in page.text
    assert "Deleted, version 2" in page.text
    assert f"{ORDERS}/edit" not in page.html


def test_a_flow_that_never_was_is_not_found(ada: Browser) -> None:
    assert ada.get(f"{FLOWS}/nothing").status == 404


def test_auditors_see_everything_and_may_change_nothing(world: World) -> None:
    ivo = signed_in(world, IVO)

    pages = [ivo.get(FLOWS), ivo.get(ORDERS)]

    assert [page.status for page in pages] == [200, 200]
    assert not any(f'href="{FLOWS}/_new"' in page.html or f"{ORDERS}/edit" in page.html for page in pages)
    assert not any(f"{ORDERS}/delete" in page.html for page in pages)


@pytest.mark.parametrize("address", [FLOWS, ORDERS])
def test_flows_are_for_admins_and_auditors_only(world: World, address: str) -> None:
    assert signed_in(world, EVE).get(address).status == 403


@pytest.mark.parametrize("script", SCRIPTS)
def test_whatever_a_flow_says_is_text(world: World, ada: Browser, script: str) -> None:
    world.store.replace_resources("orders-db", [a_resource(script, script)])
    world.acquaintances.note(a_call(a_principal("maya", groups=["developers", script])))
    what = TargetSelector(integration="orders-db", resource_type=script, names=(script,), permissions=(script,))
    change(world, name=script, description=script, what=what, who=a_definition().who, approve=_asking(script))

    for address in (FLOWS, ORDERS):
        page = ada.get(address)
        assert page.status == 200
        assert not any("onerror" in names or "onload" in names or "onmouseover" in names for _, names in page.elements)
        assert not any(names.get("hx-get") == "/auth/logout" for _, names in page.elements)
        assert all("nonce" in names for tag, names in page.elements if tag == "script")


def _asking(group: str) -> object:
    return a_definition(approvers=[group]).approve
