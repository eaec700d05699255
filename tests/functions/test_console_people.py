"""The console's pages of people: who is known, what of them, and the end of everything that somebody has."""

import pytest

from nightlatch.domain.access_request import Status
from nightlatch.domain.errors import NotFoundError
from nightlatch.domain.identity import Principal
from nightlatch.domain.people import meet
from tests.builders import ADA, API, EVE, IVO, MAYA, NOA, NOON, ROBOT, World, a_call, a_principal
from tests.functions.browser import Browser, Page
from tests.functions.test_console_access import SCRIPTS, signed_in

PEOPLE = "/configuration/people"


@pytest.fixture
def ada(world: World) -> Browser:
    return signed_in(world, ADA)


def known(world: World, *people: Principal) -> None:
    for person in people:
        met = meet(person, None, at=NOON)
        assert met is not None
        world.store.commit(met, origin=API)


def rows(page: Page) -> int:
    return page.html.count('class="c-res"')


def test_who_is_known_is_listed_with_their_groups_and_what_they_may_do_besides(world: World, ada: Browser) -> None:
    known(world, IVO, ROBOT)

    text = ada.get(PEOPLE).text

    assert "Ada ada@example.com admins Admin" in text
    assert "Ivo ivo@example.com auditors Auditor" in text
    assert "Robot robot@example.com approvers Service" in text
    assert "1 to 3 of 3" in text


def test_people_are_listed_a_page_at_a_time_by_name(world: World, ada: Browser) -> None:
    known(world, *(a_principal(f"person{number:02}") for number in range(30)))

    first = ada.get(PEOPLE)
    second = ada.get(f"{PEOPLE}?q=&after={a_principal('person23').id}")

    assert (rows(first), "1 to 25 of 31" in first.text) == (25, True)
    assert f"after={a_principal('person23').id}" in first.html
    assert (rows(second), "26 to 31 of 31" in second.text) == (6, True)


@pytest.mark.parametrize("text", ["mAyA", "maya@example", "DEVELOPERS", MAYA.id])
def test_somebody_is_found_by_name_address_group_or_id(world: World, ada: Browser, text: str) -> None:
    known(world, MAYA, NOA)

    page = ada.get(f"{PEOPLE}?q={text}")

    assert (rows(page), "Maya" in page.text, "Noa" in page.text) == (1, True, False)


def test_who_is_not_found_is_told_so(ada: Browser) -> None:
    assert "Nobody is called so" in ada.get(f"{PEOPLE}?q=nobody").text


def test_one_person_is_shown_with_what_they_have_or_ask_for(world: World, ada: Browser) -> None:
    known(world, MAYA)
    granted, waiting = world.granted("role1"), world.submitted("role3")

    page = ada.get(f"{PEOPLE}/{MAYA.id}")

    for told in ("Maya", "maya@example.com", "developers", MAYA.id, MAYA.issuer, granted.summary, waiting.summary):
        assert told in page.text
    assert f'href="/oversight/activity?requester={MAYA.id}"' in page.html


def test_who_is_not_known_is_not_found(ada: Browser) -> None:
    assert ada.get(f"{PEOPLE}/usr_none").status == 404


def test_before_everything_ends_it_is_listed(world: World, ada: Browser) -> None:
    known(world, MAYA)
    request = world.granted("role1")

    text = ada.get(f"{PEOPLE}/{MAYA.id}/stop").text

    assert "Stop everything of Maya?" in text
    assert "1 request would end" in text
    assert request.summary in text


def test_everything_that_somebody_has_ends_and_what_came_of_each_is_told(world: World, ada: Browser) -> None:
    known(world, MAYA)
    granted, waiting = world.granted("role1"), world.submitted("role3")

    page = ada.submit(ada.get(f"{PEOPLE}/{MAYA.id}/stop"), f"{PEOPLE}/{MAYA.id}/stop", reason="laptop stolen")

    assert world.store.request(granted.id).status is Status.REVOKING
    assert world.store.request(waiting.id).status is Status.CANCELED
    assert "laptop stolen" in page.text
    assert f"{granted.summary} Orders database Ending" in page.text
    assert f"{waiting.summary} Orders database Canceled" in page.text


def test_nothing_ends_without_a_reason_and_the_form_says_so(world: World, ada: Browser) -> None:
    known(world, MAYA)
    request = world.submitted("role1")

    page = ada.submit(ada.get(f"{PEOPLE}/{MAYA.id}/stop"), f"{PEOPLE}/{MAYA.id}/stop", reason=" ")

    assert (page.status, "Must be given" in page.text) == (400, True)
    assert world.store.request(request.id).status is Status.PENDING


def test_a_reason_that_is_too_long_is_kept_to_be_made_shorter(world: World, ada: Browser) -> None:
    known(world, MAYA)
    world.submitted("role1")

    page = ada.submit(ada.get(f"{PEOPLE}/{MAYA.id}/stop"), f"{PEOPLE}/{MAYA.id}/stop", reason="x" * 1001)

    assert (page.status, "1000 characters" in page.text, "x" * 1001 in page.html) == (400, True, True)


def test_what_could_not_be_ended_is_told_with_why(world: World, ada: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    known(world, MAYA)
    request = world.submitted("role1")
    form = ada.get(f"{PEOPLE}/{MAYA.id}/stop")
    monkeypatch.setattr(world.store, "commit", gone)

    text = ada.submit(form, f"{PEOPLE}/{MAYA.id}/stop", reason="leaves").text

    assert f"{request.id} It is gone. Not ended" in text


def gone(_: object, **__: object) -> None:
    raise NotFoundError("it is gone")


def test_who_has_nothing_cannot_be_stopped(world: World, ada: Browser) -> None:
    known(world, MAYA)

    page, asked = ada.get(f"{PEOPLE}/{MAYA.id}"), ada.get(f"{PEOPLE}/{MAYA.id}/stop")
    sent = ada.submit(page, f"{PEOPLE}/{MAYA.id}/stop", reason="leaves")

    assert "Stop everything" not in page.text
    assert "there is nothing to stop" in asked.text
    assert "There was nothing left to stop" in sent.text


def test_an_auditor_looks_and_ends_nothing(world: World) -> None:
    known(world, MAYA)
    request = world.granted("role1")
    ivo = signed_in(world, IVO)

    page = ivo.get(f"{PEOPLE}/{MAYA.id}")
    sent = ivo.submit(page, f"{PEOPLE}/{MAYA.id}/stop", reason="because")

    assert request.summary in page.text
    assert "Stop everything" not in page.text
    assert (sent.status, ivo.get(f"{PEOPLE}/{MAYA.id}/stop").status) == (403, 403)
    assert world.store.request(request.id).status is Status.GRANTED


@pytest.mark.parametrize("path", ["", f"/{MAYA.id}", f"/{MAYA.id}/stop"])
def test_people_are_nobody_elses_business(world: World, path: str) -> None:
    known(world, MAYA)

    assert signed_in(world, EVE).get(f"{PEOPLE}{path}").status == 403


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_somebody_is_called_is_shown_and_never_run(world: World, ada: Browser, script: str) -> None:
    """F2: scripts, markup and template words in a name, an address, a group and what is searched for."""
    named = MAYA.model_copy(update={"name": script, "email": script, "groups": frozenset({script, "developers"})})
    world.submitted("role3")
    world.acquaintances.note(a_call(named))

    searched = ada.get(f"{PEOPLE}?q=%3Cscript%3Ealert(1)%3C/script%3E")
    pages = [searched, *(ada.get(f"{PEOPLE}{path}") for path in ("", f"/{MAYA.id}", f"/{MAYA.id}/stop"))]

    assert " ".join(script.split()).replace("\u202e", "\ufffd") in pages[2].text
    for page in pages:
        for tag, attributes in page.elements:
            assert tag not in {"img", "iframe", "object", "embed"}
            assert not any(name.startswith("on") for name in attributes)
            assert attributes.get("href", "/")[0] in "/#?"
            assert tag != "script" or attributes["src"].startswith("/static/")
