"""Signing out: the trail says so, and what is left of the session is good for nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from nightlatch.entrypoints.local.facts import StackFacts
from tests.e2e.conftest import Cli
from tests.e2e.person import Person, until


def test_who_signs_out_is_in_the_trail_and_the_session_cannot_be_renewed(
    person: Callable[[str], Person], facts: StackFacts, cli: Cli, tmp_path: Path
) -> None:
    noa = cli("login", "noa")["id"]
    tokens = json.loads((tmp_path / "profiles" / "noa.json").read_text())["tokens"]
    told_before = len(_sign_outs(person("ivo"), noa)["entries"])

    cli("logout")

    entries = until(lambda: _sign_outs(person("ivo"), noa), lambda page: len(page["entries"]) > told_before, within=60)[
        "entries"
    ]
    assert entries[0]["details"]["session"]
    assert _renewed(facts, tokens["refresh_token"]).is_client_error
    assert not list((tmp_path / "profiles").iterdir())


def _sign_outs(auditor: Person, of: str) -> dict[str, Any]:
    return auditor.get("/v1/audit/entries", event_type="auth.logout", actor=of)


def _renewed(facts: StackFacts, refresh_token: str) -> httpx.Response:
    given = {"REFRESH_TOKEN": refresh_token}
    body = {"AuthFlow": "REFRESH_TOKEN_AUTH", "ClientId": facts.client_id, "AuthParameters": given}
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": "AWSCognitoIdentityProviderService.InitiateAuth",
    }
    return httpx.post(facts.login_url, json=body, headers=headers, trust_env=False, timeout=30)
