"""Who calls, by the claims that API Gateway verified and by nothing else."""

from datetime import UTC, datetime
from typing import Any

import pytest

from nightlatch.domain.audit_event import Source
from nightlatch.domain.errors import AuthenticationError
from nightlatch.domain.identity import Role
from nightlatch.entrypoints.api.caller import groups_in, named_in, origin_of, principal_of
from tests.builders import MAYA, ROBOT
from tests.functions.client import SETTINGS, an_api_event, claims_of


def claims(**more: Any) -> dict[str, Any]:
    return claims_of(MAYA) | more


def principal(**more: Any) -> Any:
    return principal_of(an_api_event("GET", "/v1/whoami", claims=claims(**more)), SETTINGS)


@pytest.mark.parametrize(
    ("claim", "groups"),
    [
        (None, set()),
        ("", set()),
        ("[]", set()),
        ([], set()),
        ("admins", {"admins"}),
        ("site admins", {"site admins"}),
        ("x,admins", {"x,admins"}),
        ("[x,admins]", {"x,admins"}),
        ("[a b]", {"a", "b"}),
        ("[a  b]", {"a", "b"}),
        ("[1234]", {"1234"}),
        ('["a","b c"]', {"a", "b c"}),
        ('["a" "b"]', {'"a"', '"b"'}),
        (["a", "b c"], {"a", "b c"}),
        (["a", ""], {"a"}),
        ("Admins", {"Admins"}),
    ],
)
def test_groups_are_parsed_never_guessed(claim: object, groups: set[str]) -> None:
    """B4: string, list, `[a b]`, missing."""
    assert groups_in(claim) == groups


@pytest.mark.parametrize(
    "claim",
    [
        {"admins": True},
        7,
        True,
        ["a", 1],
        [["admins"]],
        '["a", 1]',
        ["g"] * 201,
        "[" + "g " * 201 + "]",
        "g" * 8193,
        ["g" * 4097, "h" * 4097],
    ],
)
def test_groups_of_no_known_form_or_too_many_are_refused(claim: object) -> None:
    """B4: what cannot be read, and overlong claims."""
    with pytest.raises(AuthenticationError):
        groups_in(claim)


@pytest.mark.parametrize("claim", ["Admins", "admins ", "adm\u0456ns", "x,admins", "[admins,]", None])
def test_what_only_looks_like_the_administrators_group_gives_no_right(claim: object) -> None:
    """B4: never guessed into a right."""
    assert principal(**{"cognito:groups": claim}).roles == {Role.REQUESTER}


@pytest.mark.parametrize(
    ("group", "role"), [("[admins]", Role.ADMIN), ("[x auditors]", Role.AUDITOR), (["admins"], Role.ADMIN)]
)
def test_roles_come_from_the_groups_that_the_settings_name(group: object, role: Role) -> None:
    assert principal(**{"cognito:groups": group}).roles == {Role.REQUESTER, role}


def test_the_groups_claim_is_a_setting() -> None:
    event = an_api_event("GET", "/v1/whoami", claims=claims(roles=["admins"], **{"cognito:groups": "[x]"}))

    assert principal_of(event, SETTINGS._replace(groups_claim="roles")).groups == {"admins"}


@pytest.mark.parametrize(
    "sign",
    [
        {"client_id": "maya", "username": ""},
        {"gty": "client-credentials"},
        {"idtyp": "app"},
        {"cid": "maya"},
        {"azp": "worker", "preferred_username": "service-account-worker"},
    ],
)
def test_a_machine_is_known_as_one_and_is_never_an_administrator(sign: dict[str, str]) -> None:
    """A12: however the provider shows client credentials."""
    machine = principal(**sign, **{"cognito:groups": "[admins auditors]"})

    assert machine.roles == {Role.SERVICE, Role.AUDITOR}


def test_a_person_is_no_machine() -> None:
    assert not principal(client_id="cli", azp="cli").is_service
    assert principal_of(an_api_event("GET", "/v1/whoami", claims=claims_of(ROBOT)), SETTINGS).is_service


@pytest.mark.parametrize("claim", [{"token_use": "id"}, {"nonce": "n"}, {"at_hash": "h"}, {"c_hash": "h"}])
def test_an_id_token_is_refused(claim: dict[str, str]) -> None:
    """B3: an ID token where an access token is due."""
    with pytest.raises(AuthenticationError, match="ID token"):
        principal(**claim)


@pytest.mark.parametrize("name", ["sub", "iss"])
@pytest.mark.parametrize("value", [None, "", 7, ["maya"], "m" * 513])
def test_without_issuer_and_subject_nobody_is_anybody(name: str, value: object) -> None:
    with pytest.raises(AuthenticationError, match=name):
        principal(**{name: value})


@pytest.mark.parametrize("authorizer", [None, {}, {"jwt": None}, {"jwt": {"claims": None}}, {"lambda": {"sub": "x"}}])
def test_without_verified_claims_there_is_no_caller(authorizer: object) -> None:
    event = an_api_event("GET", "/v1/whoami")
    event["requestContext"]["authorizer"] = authorizer

    with pytest.raises(AuthenticationError):
        principal_of(event, SETTINGS)


def test_the_same_email_from_a_second_issuer_is_another_person() -> None:
    """B2: (issuer, subject) is who somebody is."""
    assert principal().id != principal(iss="https://evil.example.com").id


@pytest.mark.parametrize(
    "email", ["MAYA@example.com", " maya@example.com", "m\u0430ya@example.com", "maya@example.com\u200b"]
)
def test_emails_and_names_are_labels(email: str) -> None:
    """B1: emails that look alike make nobody the same, and different ones make nobody different."""
    assert principal(email=email, name="Somebody").id == principal().id
    assert principal(sub="eve", email="maya@example.com").id != principal().id


def test_labels_are_cut_and_may_be_missing() -> None:
    assert len(principal(name="x" * 5000).name) == 256
    assert principal(name=None, username="maya-1").name == "maya-1"
    assert principal(email=["x"]).email == ""


def test_headers_make_nobody_somebody() -> None:
    """B5: forged x-amzn-*, x-forwarded-for and authorizer headers are ignored."""
    forged = {
        "x-amzn-oidc-identity": "ada",
        "x-amzn-oidc-data": "e30.e30.e30",
        "x-amzn-request-context": '{"authorizer": {"jwt": {"claims": {"sub": "ada"}}}}',
        "x-forwarded-for": "203.0.113.9",
        "x-real-ip": "203.0.113.9",
        "forwarded": "for=203.0.113.9",
        "cognito:groups": "admins",
    }
    event = an_api_event("GET", "/v1/whoami", claims=claims(), headers=forged)

    assert principal_of(event, SETTINGS) == principal()
    assert origin_of(event).ip_address == "192.0.2.50"


@pytest.mark.parametrize(
    ("headers", "source"),
    [
        ({}, Source.API),
        ({"x-nightlatch-client": "cli"}, Source.CLI),
        ({"X-Nightlatch-Client": "web"}, Source.WEB),
        ({"x-nightlatch-client": "system"}, Source.API),
        ({"x-nightlatch-client": "schedule"}, Source.API),
    ],
)
def test_a_client_may_name_itself_but_not_as_the_system(headers: dict[str, str], source: Source) -> None:
    assert origin_of(an_api_event("GET", "/v1/whoami", headers=headers)).source is source


def test_the_origin_tells_the_call_and_no_more_of_it_than_is_sensible() -> None:
    event = an_api_event("POST", "/v1/requests?x=" + "y" * 5000, headers={"referer": "https://x/" + "z" * 5000})
    event["requestContext"]["http"]["userAgent"] = "u" * 5000

    origin = origin_of(event)

    assert origin.call["method"] == "POST"
    assert origin.call["path"] == "/v1/requests"
    assert [len(str(origin.call[name])) for name in ("query", "referer")] == [1000, 1000]
    assert len(origin.user_agent or "") == 500


# Signing in


def test_all_tokens_of_one_session_are_one_sign_in() -> None:
    first = principal(origin_jti="o-1", auth_time="1795313400", jti="t-1")
    refreshed = principal(origin_jti="o-1", auth_time="1795317000", jti="t-2")

    assert first.sign_in is not None
    assert first.sign_in == refreshed.sign_in
    assert first.sign_in != principal(origin_jti="o-2", auth_time="1795313400").sign_in


@pytest.mark.parametrize("claim", ["origin_jti", "sid", "auth_time"])
def test_a_sign_in_is_known_by_what_the_token_has_of_it_and_not_named(claim: str) -> None:
    sign_in = principal(**{claim: "a-session"}).sign_in

    assert sign_in not in {None, principal(**{claim: "another"}).sign_in}
    assert "a-session" not in str(sign_in)


def test_a_token_that_says_nothing_of_its_session_tells_no_sign_in() -> None:
    assert principal(jti="t-1", iat="1795313400").sign_in is None


def test_a_service_does_not_sign_in() -> None:
    claims = claims_of(ROBOT) | {"origin_jti": "o-1", "auth_time": "1795313400"}

    assert principal_of(an_api_event("GET", "/v1/whoami", claims=claims), SETTINGS).sign_in is None


def test_whoever_a_refused_token_names_has_no_rights() -> None:
    named = named_in(an_api_event("GET", "/v1/whoami", claims=claims(token_use="id", **{"cognito:groups": "[admins]"})))

    assert named is not None
    assert (named.id, named.name, named.groups, named.has(Role.ADMIN)) == (MAYA.id, "Maya", frozenset(), False)


@pytest.mark.parametrize("claims", [None, {}, {"iss": "https://id", "sub": ["maya"]}, {"iss": "https://id"}])
def test_a_token_may_name_nobody(claims: dict[str, Any] | None) -> None:
    assert named_in(an_api_event("GET", "/v1/whoami", claims=claims)) is None


def test_when_somebody_signed_in_is_what_the_provider_says_and_never_when_the_token_was_made() -> None:
    """A13: each renewal makes a new token."""
    assert principal(auth_time="1795313400").signed_in_at == datetime.fromtimestamp(1795313400, UTC)
    assert principal(iat="1795313400", exp="1795317000").signed_in_at is None
    assert principal(auth_time="[1795313400 1]").signed_in_at is None
