"""What every place of evidence and every signing key promises."""

import boto3
import pytest
from botocore.stub import Stubber

from nightlatch.adapters.evidence import KmsSigner, S3Evidence
from nightlatch.domain.errors import StoreUnavailableError
from nightlatch.domain.seal import SealState
from nightlatch.services.ports.evidence import Evidence, Signer
from tests.builders import NOON
from tests.fakes.evidence import FakeEvidence, FakeSigner
from tests.integration.aws.builders import ORIGIN
from tests.integration.aws.conftest import Store


@pytest.fixture(params=["fake", "s3"])
def evidence(request: pytest.FixtureRequest) -> Evidence:
    """Give the suite each kind in turn."""
    if request.param == "fake":
        return FakeEvidence()
    region = request.getfixturevalue("aws")
    s3 = boto3.client("s3")
    bucket = f"evidence-{request.node.name.partition('[')[0].replace('_', '-')}"[:63].rstrip("-")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
    return S3Evidence(lambda: s3, bucket=bucket)


@pytest.fixture(params=["fake", "kms"])
def signer(request: pytest.FixtureRequest) -> Signer:
    """Give the suite each kind in turn."""
    if request.param == "fake":
        return FakeSigner()
    request.getfixturevalue("aws")
    kms = boto3.client("kms")
    key_id = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    return KmsSigner(lambda: kms, key_id=key_id)


def test_what_was_kept_can_be_read(evidence: Evidence) -> None:
    assert evidence.put("seals/1", b"one")
    assert evidence.get("seals/1") == b"one"


def test_what_was_not_kept_is_absent(evidence: Evidence) -> None:
    assert evidence.get("seals/1") is None


def test_nothing_is_written_over(evidence: Evidence) -> None:
    evidence.put("seals/1", b"one")
    assert not evidence.put("seals/1", b"two")
    assert evidence.get("seals/1") == b"one"


def test_keys_are_listed_in_order_after_a_key(evidence: Evidence) -> None:
    for key in ("seals/3", "seals/1", "seals/2", "archive/1", "seals/4"):
        evidence.put(key, b"")
    assert evidence.keys("seals/", limit=10) == ["seals/1", "seals/2", "seals/3", "seals/4"]
    assert evidence.keys("seals/", after="seals/1", limit=2) == ["seals/2", "seals/3"]
    assert evidence.keys("seals/", after="seals/4", limit=2) == []


def test_what_was_signed_is_recognised(signer: Signer) -> None:
    signature = signer.sign(b"content")
    assert signer.has_signed(b"content", signature)


@pytest.mark.parametrize("signature", ["", "AAAA", "no base 64!"])
def test_what_is_no_signature_is_none(signer: Signer, signature: str) -> None:
    assert not signer.has_signed(b"content", signature)


def test_a_signature_is_over_its_content_only(signer: Signer) -> None:
    assert not signer.has_signed(b"another", signer.sign(b"content"))


def test_the_public_key_is_a_pem_file(signer: Signer) -> None:
    lines = signer.public_key().splitlines()
    assert (lines[0], lines[-1]) == ("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----")
    assert max(map(len, lines)) == 64


def test_where_sealing_stands_is_read_back(store: Store) -> None:
    assert store.seals.seal_state() == SealState()
    change = SealState().planned(7, at=NOON)
    store.work.commit(change, origin=ORIGIN)
    assert store.seals.seal_state() == change.state


@pytest.mark.parametrize("call", ["put_object", "get_object", "list_objects_v2"])
@pytest.mark.usefixtures("aws")
def test_a_bucket_that_does_not_answer_is_told(call: str) -> None:
    s3 = boto3.client("s3")
    attempts = {
        "put_object": lambda it: it.put("k", b""),
        "get_object": lambda it: it.get("k"),
        "list_objects_v2": lambda it: it.keys("k", limit=1),
    }
    with Stubber(s3) as stubber:
        stubber.add_client_error(call, "SlowDown", http_status_code=503)
        with pytest.raises(StoreUnavailableError, match="SlowDown"):
            attempts[call](S3Evidence(lambda: s3, bucket="evidence"))


@pytest.mark.parametrize("call", ["sign", "verify", "get_public_key"])
@pytest.mark.usefixtures("aws")
def test_a_key_that_does_not_answer_is_told(call: str) -> None:
    kms = boto3.client("kms")
    attempts = {
        "sign": lambda it: it.sign(b""),
        "verify": lambda it: it.has_signed(b"", "AAAA"),
        "get_public_key": lambda it: it.public_key(),
    }
    with Stubber(kms) as stubber:
        stubber.add_client_error(call, "KMSInternalException", http_status_code=500)
        with pytest.raises(StoreUnavailableError, match="KMSInternalException"):
            attempts[call](KmsSigner(lambda: kms, key_id="key"))
