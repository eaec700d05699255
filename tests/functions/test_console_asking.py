"""The console's form for new access: find, see what would come of it, ask."""

from datetime import timedelta
from urllib.parse import quote, urlencode

import pytest

from nightlatch.domain.access_flow import Requirements
from nightlatch.domain.change import Change
from nightlatch.domain.selectors import PeopleSelector
from nightlatch.entrypoints.console.front.wish import Draft, Pick
from tests.builders import API, EVE, HOUR, MAYA, NOON, World, a_call, a_definition, a_flow, a_principal, a_rule
from tests.functions.browser import Browser, Page
from tests.functions.test_console_access import SCRIPTS, signed_in

ROLE1 = "orders-db/database/orders/role1"
ROLE3 = "orders-db/database/orders/role3"
WHY = "a customer cannot pay"


@pytest.fixture
def maya(world: World) -> Browser:
    return signed_in(world, MAYA)


def filled(browser: Browser, *items: str, to: str = "/request/check", **fields: str) -> Page:
    """Fill the form in, and press a button of it."""
    page = browser.get("/request")
    sent = [("form_token", page.field("form_token")), ("once", page.field("once"))]
    sent += [*(("item", item) for item in items), *fields.items()]
    return browser.post(to, sent)


def let(world: World, **rules: object) -> None:
    """Give the flow other rules."""
    world.store.commit(Change(a_flow().changed(definition=a_definition(**rules))), origin=API)  # type: ignore[arg-type]


def test_everything_that_one_may_ask_for_is_found(maya: Browser) -> None:
    text = maya.get("/request").text

    assert "orders Orders database" in text
    assert "Pick role1 on orders" in text


@pytest.mark.parametrize(
    ("search", "found"), [("role3", {"role3"}), ("ORDERS role1", {"role1"}), ("nothing-like-it", set())]
)
def test_typing_finds_by_name_and_permission(maya: Browser, search: str, found: set[str]) -> None:
    text = filled(maya, q=search).text

    assert {role for role in ("role1", "role3") if f"Pick {role} on" in text} == found
    assert ("Nothing here is called so" in text) is (not found)


def test_who_may_ask_for_nothing_is_told_so(world: World) -> None:
    assert "There is nothing that you may ask for" in signed_in(world, EVE).get("/request").text


def test_an_address_fills_the_form_in(maya: Browser) -> None:
    text = maya.get(f"/request?{urlencode({'item': ROLE1})}").text

    assert "What you ask for 1" in text
    assert "Picked : role1, remove it" in text


def test_things_are_picked_and_put_back(maya: Browser) -> None:
    assert "What you ask for 2" in filled(maya, ROLE1, add=ROLE3).text
    assert "What you ask for 1" in filled(maya, ROLE1, ROLE3, remove=ROLE3).text


def test_it_is_said_before_which_flow_applies_who_is_asked_and_how_long_at_most(maya: Browser) -> None:
    text = filled(maya, ROLE1, justification=WHY).text

    assert "You may ask for this." in text
    assert "Access flow Orders roles Asked 1 of approvers, admins Lasts 1 h, at most 8 h" in text


def test_several_steps_are_told_in_their_order(world: World, maya: Browser) -> None:
    steps = a_rule(groups=["approvers"]).steps + a_rule(groups=["admins"]).steps
    let(world, approve=a_rule().model_copy(update={"steps": steps}))

    assert "Asked first 1 of approvers Asked then 1 of admins" in filled(maya, ROLE1, justification=WHY).text


def test_what_needs_nobody_is_said_to_be_granted_at_once(world: World, maya: Browser) -> None:
    let(world, needed=0)

    assert "Granted at once" in filled(maya, ROLE1, justification=WHY).text


def test_what_is_still_to_be_said_is_no_refusal(world: World, maya: Browser) -> None:
    let(world, require=Requirements(minimum_length=10))

    text = filled(maya, ROLE1).text

    assert "Still to be said: Must have at least 10 characters" in text
    assert "refused" not in text


def test_why_not_and_what_would_work_instead_can_be_taken_with_one_button(maya: Browser) -> None:
    page = filled(maya, ROLE1, justification=WHY, duration="PT24H")
    assert "This would be refused: Must not be longer than 8 h" in page.text
    assert "Ask for at most 8 h" in page.text

    taking = next(attributes["value"] for _, attributes in page.elements if attributes.get("name") == "take")
    text = filled(maya, ROLE1, justification=WHY, duration="PT24H", take=taking).text

    assert "You may ask for this." in text
    assert "Lasts 8 h" in text


def test_an_open_request_for_the_same_is_shown_instead_of_asking_twice(world: World, maya: Browser) -> None:
    request = world.submitted("role1")

    page = filled(maya, ROLE1, justification=WHY)

    assert "You have an open request for this" in page.text
    assert f'href="/requests/{request.id}"' in page.html


def test_asking_for_the_same_twice_shows_the_open_one_and_keeps_what_was_typed(world: World, maya: Browser) -> None:
    request = world.submitted("role1")

    page = filled(maya, ROLE1, to="/request", justification=WHY)

    assert (page.status, WHY in page.text) == (409, True)
    assert f'href="/requests/{request.id}"' in page.html


def test_asking_leads_to_the_request(world: World, maya: Browser) -> None:
    answer = filled(maya, ROLE1, ROLE3, to="/request", justification=WHY, duration="PT2H", ticket="INC-1")

    request = world.store.request(answer.headers["Location"].removeprefix("/requests/"))
    assert [item.permission for item in request.items] == ["role1", "role3"]
    assert (request.justification, request.ticket, request.duration) == (WHY, "INC-1", 2 * HOUR)
    assert request.source == "web"


def test_a_form_that_is_sent_twice_asks_once(maya: Browser) -> None:
    page = maya.get("/request")
    form = {"form_token": page.field("form_token"), "once": page.field("once"), "item": ROLE1, "justification": WHY}

    first, second = (maya.post("/request", form) for _ in range(2))

    assert first.headers["Location"] == second.headers["Location"]


def test_what_is_refused_when_it_is_sent_keeps_what_was_typed(maya: Browser) -> None:
    page = filled(maya, ROLE1, to="/request", justification="", duration="PT1H", ticket="INC-1")

    assert page.status == 400
    assert "Must have at least 1 characters" in page.text
    assert 'value="INC-1"' in page.html


def test_nothing_is_sent_when_nothing_was_picked(maya: Browser) -> None:
    page = filled(maya, to="/request", justification=WHY)

    assert (page.status, "Pick what you want to have" in page.text) == (400, True)


def test_a_start_is_read_in_the_deployments_zone(world: World, maya: Browser) -> None:
    answer = filled(maya, ROLE1, to="/request", justification=WHY, starts_at="2026-11-23T08:30")

    request = world.store.request(answer.headers["Location"].removeprefix("/requests/"))
    assert request.starts_at == NOON + timedelta(hours=20, minutes=30)


@pytest.mark.parametrize(
    "fields", [{"duration": "an hour"}, {"starts_at": "tomorrow"}, {"starts_at": "2020-01-01T00:00"}]
)
def test_what_cannot_be_read_is_said_beside_the_form(maya: Browser, fields: dict[str, str]) -> None:
    page = filled(maya, ROLE1, justification=WHY, **fields)

    assert (page.status, "This would be refused" in page.text) == (200, True)


@pytest.mark.parametrize("item", ["", "orders-db", "a/b/c", "a/b/c/d/e", "a//c/d"])
def test_an_item_that_cannot_be_read_is_refused(maya: Browser, item: str) -> None:
    assert maya.get(f"/request?{urlencode({'item': item})}").status == 400


def test_a_thing_that_does_not_exist_is_told_as_such(maya: Browser) -> None:
    assert "No database gone in orders-db" in filled(maya, "orders-db/database/gone/role1", justification=WHY).text


def test_the_same_is_asked_for_again_with_what_was_said(world: World, maya: Browser) -> None:
    request = world.submitted("role1", "role3")
    world.requests.cancel(request.id, a_call())

    assert f'href="/request?again={request.id}"' in maya.get(f"/requests/{request.id}").html
    text = maya.get(f"/request?again={request.id}").text
    assert "What you ask for 2" in text
    assert WHY in text


def test_names_with_any_characters_come_back_as_they_were() -> None:
    pick = Pick("orders-db", "table", 'a/b "c"&d=é%2F', "x y")

    assert Pick.read(str(pick)) == pick
    assert Draft.of({"item": [str(pick)], "add": [str(pick)]}).picks == (pick,)


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_is_typed_is_never_run(maya: Browser, script: str) -> None:
    """F2: scripts and markup in what is searched for, justified and named in an address."""
    item = "/".join(quote(part, safe="") for part in ("orders-db", "database", script, "role1"))

    page = filled(maya, item, justification=script, q=script, ticket=script, duration=script)

    for tag, attributes in page.elements:
        assert tag not in {"img", "iframe"}
        assert not any(name.startswith("on") for name in attributes)
        assert attributes.get("href", "/")[0] in "/#"
        assert tag != "script" or attributes["src"].startswith("/static/")
        assert attributes.get("hx-post") in {None, "/request/check"}


LEA = a_principal("lea", groups=["leads"])


@pytest.fixture
def lea(world: World) -> Browser:
    """Leads may ask for developers, of whom Maya is known."""
    let(world, on_behalf=PeopleSelector(groups=("leads",)))
    world.acquaintances.note(a_call(MAYA))
    world.acquaintances.note(a_call(EVE))
    return signed_in(world, LEA)


def test_who_may_ask_for_others_finds_them_by_typing(lea: Browser) -> None:
    assert "For somebody else" in lea.get("/request").text

    text = filled(lea, person="may").text

    assert "Maya maya@example.com" in text
    assert "eve@example.com" not in filled(lea, person="e").text
    assert "Nobody for whom you may ask is called so." in filled(lea, person="zoe").text


@pytest.mark.usefixtures("lea")
def test_nobody_else_is_shown_that_there_are_others(maya: Browser) -> None:
    assert "For somebody else" not in maya.get("/request").text
    assert "lea@example.com" not in filled(maya, person="lea").text


def test_what_is_offered_is_what_the_other_may_have(lea: Browser) -> None:
    assert "Pick role1" not in lea.get("/request").text

    page = filled(lea, **{"for": MAYA.id})

    assert "For Maya maya@example.com" in page.text
    assert "Pick role1 on orders" in page.text
    assert page.field("on_behalf_of") == MAYA.id


def test_one_can_ask_for_oneself_again(lea: Browser) -> None:
    page = filled(lea, on_behalf_of=MAYA.id, **{"for": ""})

    assert (page.field("on_behalf_of"), "For somebody else" in page.text) == ("", True)


def test_a_request_for_another_is_sent_and_says_so(world: World, lea: Browser) -> None:
    sent = filled(lea, ROLE1, to="/request", on_behalf_of=MAYA.id, justification=WHY)

    assert sent.status == 303
    request = world.store.request(sent.headers["Location"].rpartition("/")[2])
    assert (request.requester, request.asked_by) == (MAYA.as_person(), LEA.as_person())
    assert "asked by Lea" in lea.get(sent.headers["Location"]).text
    assert "Maya has an open request for this" in filled(lea, ROLE1, on_behalf_of=MAYA.id, justification=WHY).text


def test_what_was_asked_for_another_is_asked_for_them_again(world: World, lea: Browser) -> None:
    sent = filled(lea, ROLE1, to="/request", on_behalf_of=MAYA.id, justification=WHY)
    request_id = sent.headers["Location"].rpartition("/")[2]
    world.requests.cancel(request_id, a_call(LEA))

    page = lea.get(f"/request?again={request_id}")

    assert "For Maya" in page.text


@pytest.mark.parametrize("whom", [EVE.id, "usr_nobody", LEA.id])
def test_for_whom_one_may_not_ask_is_said_and_nothing_is_sent(world: World, lea: Browser, whom: str) -> None:
    page = filled(lea, ROLE1, on_behalf_of=whom, justification=WHY)
    sent = filled(lea, ROLE1, to="/request", on_behalf_of=whom, justification=WHY)

    assert "You may not ask for" in page.text
    assert "Pick role1" not in page.text
    assert sent.status in {400, 403}
    assert world.store.open_of(EVE.id) == {}


def test_nobody_asks_for_others_where_no_flow_lets_them(world: World, maya: Browser) -> None:
    world.acquaintances.note(a_call(EVE))

    sent = filled(maya, ROLE1, to="/request", on_behalf_of=EVE.id, justification=WHY)

    assert sent.status == 403


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_others_are_called_is_never_run(world: World, lea: Browser, script: str) -> None:
    """F2: scripts and markup in the name and address of somebody who is asked for."""
    named = MAYA.model_copy(update={"name": script, "email": script})
    world.acquaintances.note(a_call(named))

    for page in (lea.get("/request"), filled(lea, on_behalf_of=MAYA.id), filled(lea, person=script)):
        for tag, attributes in page.elements:
            assert tag not in {"img", "iframe"}
            assert not any(name.startswith("on") for name in attributes if name != "on_behalf_of")
            assert attributes.get("href", "/")[0] in "/#"
            assert tag != "script" or attributes["src"].startswith("/static/")
