"""Proving the trail: seals are downloaded, and everything else is checked without asking anybody."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from nightlatch.domain.body import BodyReference, body_of, with_body
from nightlatch.domain.entry_filter import EntryFilter
from nightlatch.domain.ledger import Head, PendingEvent, append
from nightlatch.domain.proof import proof_of, written
from tests.builders import API, NOON, ROBOT, a_pending_event, an_entry_to_write
from tests.fakes.evidence import FakeSigner
from tests.unit.domain.sealed_rows import Row, Sealed, entries_of, rows_of
from tests.unit.entrypoints.cli.fake_api import FakeApi
from tests.unit.entrypoints.cli.terminal import Terminal

SEALED = Sealed()


def lines(rows: list[Row]) -> bytes:
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


def document(rows: list[Row], name: str = "events", **more: Any) -> bytes:
    return json.dumps({"manifest": {"rows": [1, 2]}, name: rows, "_links": {"next": {"href": "x"}}, **more}).encode()


FORMATS: dict[str, Callable[[list[Row]], bytes]] = {
    "json lines": lines,
    "json lines after a header": lambda rows: b'{"manifest": {"first_seq": 1}}\n' + lines(rows),
    "json lines with blank ones": lambda rows: b"\n" + lines(rows).replace(b"\n", b"\n\n"),
    "json lines without an end": lambda rows: lines(rows).rstrip(),
    "a feed page": document,
    "an export": lambda rows: document(rows, "entries"),
    "a list": lambda rows: json.dumps(rows).encode(),
    "an indented export": lambda rows: json.dumps({"rows": len(rows), "entries": rows, "end": True}, indent=2).encode(),
    "an indented list": lambda rows: b"\n " + json.dumps(rows, indent=4, ensure_ascii=False).encode() + b"\n",
    "compressed json lines": lambda rows: gzip.compress(lines(rows)),
    "a compressed page": lambda rows: gzip.compress(document(rows)),
}


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    """Downloaded seals."""
    directory = tmp_path / "evidence"
    directory.mkdir()
    (directory / "key.pem").write_text(SEALED.signer.public_key())
    for digest in SEALED.digests:
        (directory / f"{digest.first_seq:015}.json").write_bytes(digest.content)
    return directory


@pytest.fixture
def exported(tmp_path: Path) -> Callable[..., str]:
    """Write a file and return its name."""

    def write(content: bytes, name: str = "export") -> str:
        (tmp_path / name).write_bytes(content)
        return str(tmp_path / name)

    return write


Exported = Callable[..., str]


def verdict(terminal: Terminal, *words: str) -> tuple[str, int]:
    result = terminal.run("audit", "verify", *words)
    return json.loads(result.stdout)["verdict"], result.exit_code


@pytest.mark.parametrize("name", FORMATS)
def test_an_export_of_any_form_is_valid_as_it_was_made(
    terminal: Terminal, evidence: Path, exported: Exported, name: str
) -> None:
    file = exported(FORMATS[name](SEALED.rows))
    shown = terminal.json("audit", "verify", file, "--seals", str(evidence))
    assert (shown["verdict"], shown["events"], shown["signed_events"], shown["digests"]) == ("valid", 12, 12, 3)


@pytest.mark.parametrize("name", FORMATS)
def test_in_any_form_a_changed_event_is_found(
    terminal: Terminal, evidence: Path, exported: Exported, name: str
) -> None:
    """I2: a flipped byte."""
    rows = SEALED.rows
    rows[6]["description"] = "nothing happened"
    result = terminal.run("audit", "verify", exported(FORMATS[name](rows)), "--seals", str(evidence))
    assert result.exit_code == 1
    assert [one["first_seq"] for one in json.loads(result.stdout)["doubts"]] == [7]


@pytest.mark.parametrize(("seats", "expected"), [(4, ("valid", 0)), (5, ("invalid", 1))])
def test_a_body_that_was_put_back_is_checked_with_its_event(
    terminal: Terminal, exported: Exported, seats: int, expected: tuple[str, int]
) -> None:
    """I2. I4: a flipped byte in what lies beside the ledger."""
    sent: dict[str, Any] = {"seats": 4, "text": "x" * 100_000}
    event = an_entry_to_write(details=sent).event(by=ROBOT, body=BodyReference.to(body_of(sent), at=NOON))
    pending = PendingEvent.of(event, event_id=a_pending_event().id, origin=API)
    _, entries = append(Head(), [pending], at=NOON, random=bytes)
    row = with_body(entries[0], body_of(sent)).model_dump(mode="json")
    row["details"]["seats"] = seats

    assert verdict(terminal, exported(lines([row]))) == expected


def test_nobody_is_asked(outsider: Terminal, api: FakeApi, evidence: Path, exported: Exported) -> None:
    assert verdict(outsider, exported(lines(SEALED.rows)), "--seals", str(evidence)) == ("valid", 0)
    assert api.calls == []


def test_files_may_be_given_in_any_order(terminal: Terminal, evidence: Path, exported: Exported) -> None:
    first, second = exported(lines(SEALED.rows[:5]), "a"), exported(document(SEALED.rows[5:]), "b")
    assert verdict(terminal, second, first, "--seals", str(evidence)) == ("valid", 0)


def test_a_large_document_is_read_in_pieces(terminal: Terminal, exported: Exported) -> None:
    sealed = Sealed(length=300, ends=(300,))
    rows = sealed.rows
    name = exported(json.dumps({"entries": rows}).encode())
    assert Path(name).stat().st_size > 3 * (1 << 16)
    assert verdict(terminal, name) == ("valid", 0)


def test_a_person_is_told_what_is_proven_and_what_is_not(
    terminal: Terminal, evidence: Path, exported: Exported
) -> None:
    shown = terminal.table("audit", "verify", exported(lines(SEALED.rows)), "--seals", str(evidence))
    assert shown.splitlines()[0] == "valid"
    assert "Proven: 12 of 12 events are exactly as they were recorded, by 3 digests." in shown
    assert "Not proven: that the key is Nightlatch's" in shown


def test_without_seals_a_person_is_told_how_little_that_is(terminal: Terminal, exported: Exported) -> None:
    shown = terminal.table("audit", "verify", exported(lines(SEALED.rows[2:5])))
    assert "Proven: 3 events, 3 to 5, are one unbroken chain." in shown
    assert "Not proven without seals" in shown


def test_a_doubt_is_told_with_its_numbers(terminal: Terminal, evidence: Path, exported: Exported) -> None:
    """I2: a cut tail."""
    result = terminal.run("audit", "verify", exported(lines(SEALED.rows[:5])), "--seals", str(evidence), "-o", "table")
    assert result.exit_code == 1
    assert "6 to 12: missing, sealed, but not among the rows" in result.stdout


def test_only_what_is_asked_for_need_be_proven(terminal: Terminal, evidence: Path, exported: Exported) -> None:
    file = exported(lines(SEALED.rows[4:9]))
    assert verdict(terminal, file, "--seals", str(evidence), "--from", "5", "--to", "9") == ("valid", 0)
    assert verdict(terminal, file, "--seals", str(evidence), "--to", "9") == ("missing", 1)
    assert verdict(terminal, file, "--seals", str(evidence), "--to", "9", "--retention", "1") == ("missing", 1)


def test_another_key_is_found(terminal: Terminal, evidence: Path, exported: Exported, tmp_path: Path) -> None:
    """I2: signed with another key."""
    other = tmp_path / "other.pem"
    other.write_text(FakeSigner().public_key())
    file = exported(lines(SEALED.rows))
    assert verdict(terminal, file, "--seals", str(evidence), "--key", str(other)) == ("invalid", 1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no json",
        b"[",
        b'{"events": [',
        b'{"events": [1]}',
        b'["a"]',
        b"7",
        b'{"seq": 1, "seq": 2}\n',
        b'{"seq": 1}\nno json\n',
        b'{"entries": [{"seq": 1}',
        b"\xff\xfe\n",
        gzip.compress(lines(SEALED.rows), mtime=0)[:-9],
        b'{"events": ' + b"[" * 100_000,
    ],
    ids=range(13),
)
def test_what_is_no_export_is_not_valid(terminal: Terminal, exported: Exported, content: bytes) -> None:
    said, code = verdict(terminal, exported(content))
    assert (said in {"invalid", "missing"}, code) == (True, 1)


def test_a_field_that_is_there_twice_is_refused(terminal: Terminal, exported: Exported) -> None:
    """I2: another reader could take the other value."""
    twice = lines(SEALED.rows[:1]).replace(b'"description":', b'"description": "nothing happened", "description":')
    assert verdict(terminal, exported(twice)) == ("invalid", 1)


@pytest.mark.parametrize("key", ["", "no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_what_is_no_key_is_a_mistake(terminal: Terminal, evidence: Path, exported: Exported, key: str) -> None:
    (evidence / "key.pem").write_text(key)
    assert terminal.run("audit", "verify", exported(lines(SEALED.rows)), "--seals", str(evidence)).exit_code == 2


@pytest.mark.parametrize("content", ["", "{}", "no digest"])
def test_what_is_no_digest_is_a_mistake(terminal: Terminal, evidence: Path, exported: Exported, content: str) -> None:
    (evidence / "000000000000005.json").write_text(content)
    assert terminal.run("audit", "verify", exported(lines(SEALED.rows)), "--seals", str(evidence)).exit_code == 2


def test_a_directory_without_digests_is_a_mistake(terminal: Terminal, exported: Exported, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(SEALED.signer.public_key())
    (tmp_path / "none").mkdir()
    seals = ("--seals", str(tmp_path / "none"), "--key", str(tmp_path / "key.pem"))
    assert terminal.run("audit", "verify", exported(lines(SEALED.rows)), *seals).exit_code == 2


def a_page(*numbers: int, cursor: str | None = None) -> dict[str, Any]:
    seals = [json.loads(SEALED.digests[number].content) for number in numbers]
    return {"seals": seals, "next_cursor": cursor, "_links": {}}


def test_seals_are_downloaded_page_by_page_and_only_once(terminal: Terminal, api: FakeApi, tmp_path: Path) -> None:
    api.on("GET", "/v1/audit/key", {"key_id": "k", "algorithm": "ECDSA_SHA_256", "pem": SEALED.signer.public_key()})
    api.on("GET", "/v1/audit/seals", a_page(0, cursor="c"), a_page(1))
    out = tmp_path / "new" / "evidence"

    assert terminal.json("audit", "seals", "--out", str(out))["new"] == 2
    api.on("GET", "/v1/audit/seals", httpx.Response(200, json=a_page(1, 2)))
    assert terminal.table("audit", "seals", "--out", str(out)).startswith("1 new digest in ")

    assert api.query("/v1/audit/seals")["from"] == ["10"]
    assert [file.read_bytes() for file in sorted(out.glob("*.json"))] == [one.content for one in SEALED.digests]
    assert (out / "key.pem").read_text() == SEALED.signer.public_key()


@pytest.fixture
def proof(exported: Exported) -> str:
    """The proof that the export of some request's events is all of them."""
    lines = proof_of(SEALED.entries, EntryFilter(request_ids=frozenset({"req_9"})), first_seq=1, last_seq=12)
    return exported(b"".join(map(written, lines)), "proof")


def test_a_filtered_export_is_checked_with_its_proof(
    terminal: Terminal, evidence: Path, exported: Exported, proof: str
) -> None:
    """I2: what is not in it was not selected."""
    file = exported(b'{"manifest": {}}\n')
    shown = terminal.table("audit", "verify", file, "--proof", proof, "--seals", str(evidence))
    assert "Proven: 0 events, exactly as recorded, are all of numbers 1 to 12 that this filter selects" in shown
    assert '{"request_ids":["req_9"]}' in shown
    strangers = exported(lines(SEALED.rows[:1]), "strangers")
    assert verdict(terminal, strangers, "--proof", proof, "--seals", str(evidence)) == ("invalid", 1)


def test_what_a_text_left_out_is_said_not_to_be_proven(terminal: Terminal, evidence: Path, exported: Exported) -> None:
    by_text = proof_of(SEALED.entries, EntryFilter(text="nowhere"), first_seq=1, last_seq=12)
    name = exported(b"".join(map(written, by_text)), "proof")
    shown = terminal.table("audit", "verify", exported(b"{}"), "--proof", name, "--seals", str(evidence))
    assert "12 events are neither shown nor refused" in shown


def test_a_proof_is_nothing_without_seals(terminal: Terminal, exported: Exported, proof: str) -> None:
    assert terminal.run("audit", "verify", exported(b"{}"), "--proof", proof).exit_code == 2


@pytest.mark.parametrize("content", [b"", b"no json", b"[]\n", b"{}\n", b"\xff"])
def test_what_is_no_proof_is_not_valid(terminal: Terminal, evidence: Path, exported: Exported, content: bytes) -> None:
    name = exported(content, "proof")
    assert verdict(terminal, exported(b"{}"), "--proof", name, "--seals", str(evidence)) == ("invalid", 1)


# Proofs are made offline, too


def manifest(**said: object) -> bytes:
    wanted = EntryFilter(request_ids=frozenset({"req_9"})).model_dump(mode="json")
    return json.dumps({"filter": wanted, "include_filters": True, "first_seq": 2, "last_seq": 8, **said}).encode()


def prove(terminal: Terminal, about: str, evidence: Path, trail: str, out: Path) -> int:
    options = ("--trail", trail, "--seals", str(evidence), "--out", str(out))
    return terminal.run("audit", "prove", about, *options).exit_code


def test_a_proof_is_made_of_the_whole_trail_and_the_manifest(
    terminal: Terminal, evidence: Path, exported: Exported, tmp_path: Path
) -> None:
    """I2: what is not in it was not selected; what is kept back is seen."""
    out = tmp_path / "made.proof"
    whole, about = exported(lines(SEALED.rows), "whole"), exported(manifest(), "manifest")

    assert prove(terminal, about, evidence, whole, out) == 0

    seals = ("--proof", str(out), "--seals", str(evidence))
    assert verdict(terminal, exported(b"{}", "nothing"), *seals) == ("valid", 0)
    assert verdict(terminal, exported(lines(SEALED.rows[3:4]), "a stranger"), *seals) == ("invalid", 1)


def test_a_proof_shows_that_a_row_was_kept_back(
    terminal: Terminal, evidence: Path, exported: Exported, tmp_path: Path
) -> None:
    """I2."""
    out = tmp_path / "made.proof"
    everything = EntryFilter().model_dump(mode="json")
    about = exported(manifest(filter=everything), "manifest")
    prove(terminal, about, evidence, exported(lines(SEALED.rows), "whole"), out)
    seals = ("--proof", str(out), "--seals", str(evidence))

    assert verdict(terminal, exported(lines(SEALED.rows[1:8]), "all"), *seals) == ("valid", 0)
    one_less = exported(lines([*SEALED.rows[1:4], *SEALED.rows[5:8]]), "one less")
    assert verdict(terminal, one_less, *seals)[1] == 1


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", manifest(first_seq=None), manifest(filter={"x": 1})])
def test_what_is_no_manifest_is_refused(
    terminal: Terminal, evidence: Path, exported: Exported, tmp_path: Path, content: bytes
) -> None:
    out = tmp_path / "made.proof"
    assert prove(terminal, exported(content, "manifest"), evidence, exported(lines(SEALED.rows), "whole"), out) == 2
    assert not out.exists()


def test_nothing_is_proven_before_it_is_sealed_and_nothing_overwritten(
    terminal: Terminal, evidence: Path, exported: Exported, tmp_path: Path
) -> None:
    whole = exported(lines(SEALED.rows), "whole")
    unsealed = exported(manifest(last_seq=40), "manifest")
    assert prove(terminal, unsealed, evidence, whole, tmp_path / "made.proof") == 2
    (tmp_path / "there").write_text("kept")
    assert prove(terminal, exported(manifest(), "manifest"), evidence, whole, tmp_path / "there") == 2
    assert (tmp_path / "there").read_text() == "kept"


def forged(numbers: Callable[[list[Row]], list[Row]]) -> bytes:
    return lines(numbers(SEALED.rows))


def nothing_happened(number: int) -> Callable[[list[Row]], list[Row]]:
    def forge(rows: list[Row]) -> list[Row]:
        rows[number - 1]["description"] = "nothing happened"
        return rows

    return forge


@pytest.mark.parametrize(
    ("trail", "said"),
    [
        (forged(nothing_happened(3)), "number 3 is not what was recorded"),
        (forged(nothing_happened(9)), "number 9 is not what was recorded"),
        (forged(lambda rows: rows[:4] + rows[5:]), "number 5 is missing from the trail"),
        (forged(lambda rows: rows[:8]), "number 9 is missing from the trail"),
        (forged(lambda rows: rows[4:]), "number 2 is missing from the trail"),
        (b"", "number 2 is missing from the trail"),
        (lines(rows_of(entries_of(12, salt=50))), "up to number 9 is one chain, but not the one that was sealed"),
        (lines(SEALED.rows[:4]) + b"no JSON\n", "cannot be read after number 4"),
        (lines(SEALED.rows[:4]) + b'{"seq": 5}\n', "cannot be read after number 4"),
    ],
)
def test_of_a_trail_that_is_not_the_sealed_one_nothing_is_proven_and_the_number_is_told(
    terminal: Terminal, evidence: Path, exported: Exported, trail: bytes, said: str
) -> None:
    """I2."""
    out = evidence.parent / "made.proof"
    options = ("--trail", exported(trail, "whole"), "--seals", str(evidence), "--out", str(out))

    result = terminal.run("audit", "prove", exported(manifest(), "manifest"), *options)

    assert (result.exit_code, out.exists()) == (1, False)
    assert said in result.stderr


def test_it_is_told_how_many_are_left_out_not_how_many_lines_there_are(
    terminal: Terminal, evidence: Path, exported: Exported, tmp_path: Path
) -> None:
    options = ("--trail", exported(lines(SEALED.rows), "whole"), "--seals", str(evidence))

    shown = terminal.json(
        "audit", "prove", exported(manifest(), "manifest"), *options, "--out", str(tmp_path / "made.proof")
    )

    assert shown["left_out"] == 7
