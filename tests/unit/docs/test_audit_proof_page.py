"""docs/audit-proof.md: its examples are what the code reads, and they prove what the page says."""

import json
import re
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from nightlatch.domain.proof import PARTS, verify_export
from nightlatch.domain.seal import Digest
from nightlatch.domain.verification import Verdict
from nightlatch.entrypoints.cli.signatures import signed_with

PAGE = (Path(__file__).parents[3] / "docs" / "audit-proof.md").read_text()


def example(name: str) -> str:
    """Take an example out of the page."""
    found = re.search(rf"^```\w+ {name}\n(.*?)\n```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def digest() -> Digest:
    return Digest.model_validate_json(example("digest"))


@pytest.fixture
def proof() -> list[dict[str, Any]]:
    return [json.loads(line) for line in example("proof").splitlines()]


def test_the_digest_is_signed_as_the_page_says_by_the_key_that_it_shows(tmp_path: Path, digest: Digest) -> None:
    (tmp_path / "key.pem").write_text(example("key"))
    assert signed_with(tmp_path / "key.pem")(digest)


def test_any_tool_can_check_the_signature() -> None:
    """By the words of the page alone: canonical JSON without the signature, ECDSA with SHA-256."""
    content = json.loads(example("digest"))
    signature = b64decode(content.pop("signature"))
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    key = load_pem_public_key(example("key").encode())
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(signature, text, ec.ECDSA(SHA256()))


def test_the_proof_holds_for_the_rows_under_the_digest(digest: Digest, proof: list[dict[str, Any]]) -> None:
    rows = [json.loads(example("rows"))]
    outcome = verify_export(rows, proof, digests=[digest], is_signed=lambda _: True)
    assert (outcome.verdict, outcome.rows, outcome.left_out) == (Verdict.VALID, 1, 2)


def test_the_proof_does_not_hold_without_the_row(digest: Digest, proof: list[dict[str, Any]]) -> None:
    assert verify_export([], proof, digests=[digest], is_signed=lambda _: True).verdict is Verdict.INVALID


def test_a_line_opens_one_part_and_commits_to_the_others(proof: list[dict[str, Any]]) -> None:
    assert [(line["seq"], line["part"], line["value"]) for line in proof[1:]] == [
        (1, "event_type", "access.requested"),
        (3, "event_type", "access.requested"),
    ]
    assert {len(line["others"]) for line in proof[1:]} == {len(PARTS) - 1}


def test_every_verdict_is_explained() -> None:
    explained = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert sorted(explained) == sorted(verdict.value for verdict in Verdict)
