"""Intents and handles of only some entitlements."""

from nightlatch.domain.connector import Entitlement, GrantIntent, Handle
from tests.builders import HOUR, NOON

READ, WRITE, ADMIN = (
    Entitlement(resource_type="database", resource_id="orders", permission=name) for name in ("read", "write", "admin")
)


def test_a_narrowed_handle_is_the_same_for_some_of_its_entitlements() -> None:
    handle = Handle(grant_id="req_1", session_user="usr_maya", entitlements=(READ, WRITE), details={"a": 1})

    narrowed = handle.narrowed({WRITE})

    assert narrowed == handle.model_copy(update={"entitlements": (WRITE,)})
    assert handle.entitlements == (READ, WRITE)


def test_a_narrowed_intent_is_the_same_for_some_of_its_entitlements() -> None:
    intent = GrantIntent(
        grant_id="req_1", holder_id="usr_maya", holder="Maya", entitlements=(READ, WRITE), ends_at=NOON + HOUR
    )

    narrowed = intent.narrowed([WRITE, READ])

    assert narrowed == intent


def test_narrowing_never_adds() -> None:
    handle = Handle(grant_id="req_1", session_user="usr_maya", entitlements=(READ,))

    assert handle.narrowed({READ, ADMIN}).entitlements == (READ,)
    assert handle.narrowed({ADMIN}).entitlements == ()
