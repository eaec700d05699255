"""Seals on the running stack: what is sealed can be checked without it, and nobody can remove or change it."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from nightlatch.entrypoints.cli.main import app
from nightlatch.entrypoints.local import deployment
from nightlatch.entrypoints.local.facts import StackFacts
from tests.e2e.person import JsonObject, Person, until
from tests.e2e.test_trail import FUNCTIONS

OURS = "archive/a-test"
CAME = {"format": "jsonl", "last": "1d", "event_type": "user.created", "include_filters": "true"}


@pytest.fixture(scope="module")
def bucket(facts: StackFacts) -> str:
    """Name the bucket of evidence."""
    return deployment.describe(int(facts.emulator_url.rpartition(":")[2])).ids["EvidenceBucket"]


@pytest.fixture(scope="module")
def evidence(
    facts: StackFacts,
    person: Callable[[str], Person],
    client: Callable[[str], Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Seal everything, and download the digests and the key."""
    directory = tmp_path_factory.mktemp("evidence")
    _seal(facts, client)
    _download(directory, facts, person("ivo"), client)
    return directory


def _seal(facts: StackFacts, client: Callable[[str], Any]) -> None:
    ran = client("lambda").invoke(FunctionName=f"{facts.stack}-sealing", Payload=b'{"sweep": true}')
    assert "FunctionError" not in ran, ran["Payload"].read()


def _download(directory: Path, facts: StackFacts, ivo: Person, client: Callable[[str], Any]) -> JsonObject:
    """Download what there is, and return the last digest."""
    page = ivo.get("/v1/audit/seals?limit=200")
    for seal in page["seals"]:
        name = f"{seal['first_seq']:015}.json"
        (directory / name).write_bytes(_content(client, facts, f"seals/{name}"))
    (directory / "key.pem").write_text(ivo.get("/v1/audit/key")["pem"])
    return dict(page["seals"][-1])


def _content(client: Callable[[str], Any], facts: StackFacts, key: str) -> bytes:
    ids = deployment.describe(int(facts.emulator_url.rpartition(":")[2])).ids
    content: bytes = client("s3").get_object(Bucket=ids["EvidenceBucket"], Key=key)["Body"].read()
    return content


def _verified(*words: str) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["audit", "verify", *words, "-o", "json"])
    said: dict[str, Any] = json.loads(result.stdout)
    assert (result.exit_code == 0) == (said["verdict"] == "valid")
    return said


def _doubted(*words: str) -> list[tuple[str, int]]:
    """Say which numbers are doubted, and that it is not valid."""
    return [(doubt["verdict"], doubt["first_seq"]) for doubt in _verified(*words)["doubts"]]


def _feed(ivo: Person) -> list[Any]:
    events, href, has_more = [], "/v1/audit?limit=100", True
    while has_more:
        page = ivo.get(href)
        events += page["events"]
        href, has_more = page["_links"]["next"]["href"], page["has_more"]
    return events


def test_the_feed_is_proven_by_the_seals_without_the_stack(
    evidence: Path, person: Callable[[str], Person], tmp_path: Path
) -> None:
    """I2: as it is, and with a flipped byte, a dropped row, a cut tail."""
    events = _feed(person("ivo"))
    sealed_to = json.loads(max(evidence.glob("*.json")).read_bytes())["last_seq"]
    export, asked = tmp_path / "feed.json", ("--seals", str(evidence), "--to", str(sealed_to))

    export.write_text(json.dumps({"events": events}))
    assert _verified(str(export), *asked)["verdict"] == "valid"

    export.write_text(json.dumps({"events": [events[0] | {"description": "nothing happened"}, *events[1:]]}))
    assert _verified(str(export), *asked)["verdict"] == "invalid"
    export.write_text(json.dumps({"events": [*events[:1], *events[2:]]}))
    assert _verified(str(export), *asked)["verdict"] == "missing"
    export.write_text(json.dumps({"events": events[: sealed_to - 1]}))
    assert _verified(str(export), *asked)["verdict"] == "missing"


def test_the_archive_is_proven_by_the_seals_alone(
    evidence: Path, facts: StackFacts, client: Callable[[str], Any], tmp_path: Path
) -> None:
    files = []
    for digest in map(json.loads, map(Path.read_bytes, sorted(evidence.glob("*.json")))):
        for kept in digest["objects"]:
            file = tmp_path / Path(kept["key"]).name
            file.write_bytes(_content(client, facts, kept["key"]))
            assert len(gzip.decompress(file.read_bytes()).splitlines()) == kept["rows"]
            files.append(str(file))

    assert _verified(*files, "--seals", str(evidence))["verdict"] == "valid"


@pytest.fixture
def filtered(
    facts: StackFacts, person: Callable[[str], Person], client: Callable[[str], Any], tmp_path: Path
) -> tuple[Path, Path]:
    """Export who came, with the manifest beside it, and wait until the seals are over all that was looked through."""
    ivo, directory = person("ivo"), tmp_path / "seals"
    directory.mkdir()
    answer = ivo.api.get("/v1/audit/export", params=CAME).raise_for_status()
    export = tmp_path / "came.jsonl"
    export.write_bytes(answer.content)
    manifest = ivo.get(answer.headers["link"].partition(">")[0].removeprefix("<"))["manifest"]
    export.with_name("came.jsonl.manifest.json").write_text(json.dumps(manifest))

    def sealed() -> JsonObject:
        _seal(facts, client)
        return _download(directory, facts, ivo, client)

    until(sealed, lambda digest: digest["last_seq"] >= manifest["last_seq"], within=60)
    return export, directory


def test_a_filtered_export_is_proven_to_leave_out_nothing(
    filtered: tuple[Path, Path], person: Callable[[str], Person], tmp_path: Path
) -> None:
    """I2: and a row that was changed, or kept back, is named; so is one of the trail that a proof is made of."""
    export, seals = filtered
    events, proof = _feed(person("ivo")), tmp_path / "proof"
    lines = export.read_text().splitlines(keepends=True)
    row = json.loads(lines[1])

    assert _prove(export, events, seals, proof) == (0, "")
    asked = (str(export), "--proof", str(proof), "--seals", str(seals))
    assert _verified(*asked)["verdict"] == "valid"

    forged = [*lines[:1], json.dumps(row | {"description": "nobody came"}) + "\n", *lines[2:]]
    export.write_text("".join(forged))
    assert _doubted(*asked) == [("invalid", row["seq"])]
    export.write_text("".join([*lines[:1], *lines[2:]]))
    assert _doubted(*asked) == [("invalid", row["seq"])]
    events[2] |= {"description": "nobody came"}
    code, said = _prove(export, events, seals, tmp_path / "another")
    assert (code, "number 3 is not what was recorded" in said) == (1, True)


def _prove(export: Path, events: list[Any], seals: Path, out: Path) -> tuple[int, str]:
    trail = export.with_name("all.json")
    trail.write_text(json.dumps({"events": events}))
    words = [f"{export}.manifest.json", "--trail", str(trail), "--seals", str(seals), "--out", str(out)]
    result = CliRunner().invoke(app, ["audit", "prove", *words])
    return result.exit_code, result.stderr


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_may_remove_evidence_or_shorten_its_lock(
    function: str, as_role: Callable[[str, str], Any], client: Callable[[str], Any], bucket: str, evidence: Path
) -> None:
    """I1: nor write over it, but sealing, whose new version leaves the locked one as it was."""
    key = f"seals/{min(evidence.glob('*.json')).name}"
    version = client("s3").head_object(Bucket=bucket, Key=key)["VersionId"]
    s3 = as_role(function, "s3")
    unlocked = {"Mode": "GOVERNANCE", "RetainUntilDate": "2026-01-01T00:00:00Z"}
    attempts: dict[str, Callable[[], Any]] = {
        "delete": lambda: s3.delete_object(Bucket=bucket, Key=key),
        "delete the version": lambda: s3.delete_object(Bucket=bucket, Key=key, VersionId=version),
        "bypass": lambda: s3.delete_object(Bucket=bucket, Key=key, VersionId=version, BypassGovernanceRetention=True),
        "shorten": lambda: s3.put_object_retention(
            Bucket=bucket, Key=key, Retention=unlocked, BypassGovernanceRetention=True
        ),
        "unlock the bucket": lambda: s3.put_object_lock_configuration(
            Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"}
        ),
        "drop the bucket": lambda: s3.delete_bucket(Bucket=bucket),
    }
    if function != "sealing":
        attempts["write over it"] = lambda: s3.put_object(Bucket=bucket, Key=key, Body=b"forged")
    for name, attempt in attempts.items():
        with pytest.raises(ClientError) as refusal:
            attempt()
        assert refusal.value.response["Error"]["Code"] == "AccessDenied", name


def test_what_was_written_is_locked_even_for_those_who_may_delete(
    client: Callable[[str], Any], as_role: Callable[[str, str], Any], bucket: str
) -> None:
    """I1: Object Lock holds where rights do not."""
    s3 = client("s3")
    version = as_role("sealing", "s3").put_object(Bucket=bucket, Key=OURS, Body=b"evidence")["VersionId"]

    with pytest.raises(ClientError):
        s3.delete_object(Bucket=bucket, Key=OURS, VersionId=version)
    as_role("sealing", "s3").put_object(Bucket=bucket, Key=OURS, Body=b"forged")

    assert s3.get_object(Bucket=bucket, Key=OURS, VersionId=version)["Body"].read() == b"evidence"


def test_a_second_run_seals_nothing_twice(
    evidence: Path, facts: StackFacts, client: Callable[[str], Any], bucket: str
) -> None:
    for _ in range(2):
        ran = client("lambda").invoke(FunctionName=f"{facts.stack}-sealing", Payload=b'{"sweep": true}')
        assert "FunctionError" not in ran
    keys = [one["Key"] for one in client("s3").list_objects_v2(Bucket=bucket, Prefix="seals/")["Contents"]]
    digests = [json.loads(_content(client, facts, key)) for key in keys]

    assert len(digests) >= len(list(evidence.glob("*.json")))
    assert [one["first_seq"] for one in digests] == [1, *(one["last_seq"] + 1 for one in digests[:-1])]
