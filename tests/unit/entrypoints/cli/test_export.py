"""Exporting into a file: whole, with its manifest, or not at all."""

import hashlib
import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.unit.entrypoints.cli.fake_api import FakeApi, problem
from tests.unit.entrypoints.cli.terminal import Terminal

ADDRESS = "/v1/audit/exports/exp_1"
DOWNLOAD = "https://files.example.net/export.csv"
CONTENT = b"\xef\xbb\xbfNumber\r\n1\r\n"


def a_manifest(**more: Any) -> dict[str, Any]:
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    return {"rows": 1, "sha256": sha256, "size": len(CONTENT), "complete": True, "last_seq": 1, **more}


def a_job(state: str = "done", **more: Any) -> dict[str, Any]:
    links = {"self": {"href": ADDRESS}}
    done = {"download": {"href": DOWNLOAD}} if state == "done" else {}
    return {
        "id": "exp_1",
        "state": state,
        "progress": {"read": 1, "total": 2, "rows": 1},
        "failure": None,
        "manifest": a_manifest() if state == "done" else None,
        "_links": {**links, **done},
        **more,
    }


def an_export(content: bytes = CONTENT) -> httpx.Response:
    digest = b64encode(hashlib.sha256(CONTENT).digest()).decode()
    headers = {"Repr-Digest": f"sha-256=:{digest}:", "Link": f'<{ADDRESS}>; rel="describedby"'}
    return httpx.Response(200, content=content, headers=headers)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "trail.csv"


@pytest.fixture
def small(api: FakeApi) -> FakeApi:
    api.on("GET", "/v1/audit/export", an_export())
    api.on("GET", ADDRESS, a_job())
    return api


@pytest.fixture
def large(api: FakeApi) -> FakeApi:
    api.on("GET", "/v1/audit/export", httpx.Response(202, json=a_job("queued")))
    api.on("GET", ADDRESS, a_job("running"), a_job("running"), a_job())
    api.on("GET", "/export.csv", httpx.Response(200, content=CONTENT))
    return api


def files_beside(out: Path) -> set[str]:
    return {path.name for path in out.parent.iterdir() if path.is_file()}


def test_what_is_asked_for_is_sent_and_dates_stay_dates(terminal: Terminal, small: FakeApi, out: Path) -> None:
    terminal.json(
        "audit", "export", "--format", "csv", "--start", "2025-01-01", "--end", "2025-01-31", "--include-filters",
        "--type", "flow.updated", "--actor", "usr_noa", "--severity", "warning", "--resource", "orders",
        "--integration", "orders-db", "--source", "cli", "--search", "leak", "--out", str(out),
    )  # fmt: skip

    assert small.query("/v1/audit/export") == {
        "format": ["csv"],
        "include_filters": ["true"],
        "start_date": ["2025-01-01"],
        "end_date": ["2025-01-31"],
        "event_type": ["flow.updated"],
        "actor": ["usr_noa"],
        "severity": ["warning"],
        "resource": ["orders"],
        "integration": ["orders-db"],
        "source": ["cli"],
        "q": ["leak"],
    }


@pytest.mark.usefixtures("small")
def test_a_small_export_is_a_file_with_its_manifest_beside_it(terminal: Terminal, out: Path) -> None:
    shown = terminal.json("audit", "export", "--out", str(out))

    assert out.read_bytes() == CONTENT
    assert json.loads(out.with_name("trail.csv.manifest.json").read_text()) == a_manifest() == shown["manifest"]
    assert files_beside(out) == {"trail.csv", "trail.csv.manifest.json"}


@pytest.mark.usefixtures("small")
def test_a_person_sees_what_is_in_it(terminal: Terminal, out: Path) -> None:
    shown = " ".join(terminal.table("audit", "export", "--out", str(out)).split())

    assert shown == f"file {out} rows 1 sha256 {a_manifest()['sha256']}"


def test_an_export_with_an_end_that_was_not_asked_for_says_so(terminal: Terminal, api: FakeApi, out: Path) -> None:
    api.on("GET", "/v1/audit/export", an_export())
    api.on("GET", ADDRESS, a_job(manifest=a_manifest(complete=False)))

    assert "before number 2, which is missing" in terminal.table("audit", "export", "--out", str(out))


def test_a_large_export_is_waited_for_and_fetched_without_a_token(
    terminal: Terminal, large: FakeApi, out: Path
) -> None:
    terminal.json("audit", "export", "--out", str(out))

    [fetched] = large.sent("GET", "/export.csv")
    assert out.read_bytes() == CONTENT
    assert terminal.slept == [2.0, 2.0, 2.0]
    assert (fetched.url.host, "authorization" in fetched.headers) == ("files.example.net", False)


def test_a_large_export_that_failed_says_why(terminal: Terminal, large: FakeApi, out: Path) -> None:
    large.on("GET", ADDRESS, a_job("failed", failure="there are more than 1,000,000 entries"))

    result = terminal.run("audit", "export", "--out", str(out))

    assert result.exit_code == 1
    assert "there are more than 1,000,000 entries" in result.stderr
    assert files_beside(out) == set()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("words", [("--type", "access.granted"), ("--severity", "error"), ("--search", "leak")])
def test_filters_that_would_not_be_applied_are_refused(
    terminal: Terminal, api: FakeApi, out: Path, words: tuple[str, ...]
) -> None:
    refused = terminal.run("audit", "export", *words, "--out", str(out))

    assert refused.exit_code == 2
    assert "--include-filters" in refused.stderr
    assert api.sent("GET", "/v1/audit/export") == []


@pytest.mark.usefixtures("small")
def test_a_file_that_is_there_is_not_overwritten_without_force(terminal: Terminal, api: FakeApi, out: Path) -> None:
    out.write_text("mine")

    refused = terminal.run("audit", "export", "--out", str(out))

    assert (refused.exit_code, out.read_text()) == (2, "mine")
    assert api.sent("GET", "/v1/audit/export") == []
    assert terminal.run("audit", "export", "--out", str(out), "--force").exit_code == 0
    assert out.read_bytes() == CONTENT


def test_what_arrives_changed_is_not_kept(terminal: Terminal, api: FakeApi, out: Path) -> None:
    api.on("GET", "/v1/audit/export", an_export(CONTENT[:-3]))
    api.on("GET", ADDRESS, a_job())

    result = terminal.run("audit", "export", "--out", str(out))

    assert result.exit_code == 1
    assert "SHA-256" in result.stderr
    assert files_beside(out) == set()


@pytest.mark.parametrize("answer", [httpx.Response(403), httpx.ReadError("reset")])
def test_a_file_that_cannot_be_fetched_leaves_nothing_behind(
    terminal: Terminal, large: FakeApi, out: Path, answer: httpx.Response | httpx.ReadError
) -> None:
    large.on("GET", "/export.csv", answer)

    result = terminal.run("audit", "export", "--out", str(out))

    assert result.exit_code == 5
    assert "cannot be fetched" in result.stderr
    assert files_beside(out) == set()


@pytest.mark.usefixtures("small")
def test_a_file_that_cannot_be_written_is_said(terminal: Terminal, tmp_path: Path) -> None:
    result = terminal.run("audit", "export", "--out", str(tmp_path / "nowhere" / "trail.csv"))

    assert result.exit_code == 1
    assert "No such file" in result.stderr


def test_a_refusal_is_told(terminal: Terminal, api: FakeApi, out: Path) -> None:
    api.on("GET", "/v1/audit/export", problem(403, "not-allowed", "The caller may not do this"))

    result = terminal.run("audit", "export", "--out", str(out))

    assert result.exit_code == 1
    assert "may not do this" in result.stderr
    assert files_beside(out) == set()
