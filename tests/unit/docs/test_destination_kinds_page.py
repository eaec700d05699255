"""The page on the kinds of destinations: its receiver works, and what it names is what there is."""

import re
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest

from nightlatch.adapters.destinations.answers import MISCONFIGURED
from nightlatch.adapters.destinations.registry import MODULES
from nightlatch.adapters.destinations.webhook import signature
from nightlatch.domain.destination import DestinationKind
from tests.functions.client import ROOT

PAGE = (ROOT / "docs" / "destination-kinds.md").read_text()
KEY = "whsec_" + "a" * 44
OTHER_KEY = "whsec_" + "b" * 44
BODY = '{"description":"Grüße"}'.encode()


@pytest.fixture(scope="module")
def is_genuine() -> Any:
    [code] = re.findall(r"```python\n(.+?)```", PAGE, re.DOTALL)
    module: dict[str, Any] = {}
    exec(code, module)
    return module["is_genuine"]


def headers(*keys: str, at: datetime | None = None, body: bytes = BODY) -> dict[str, str]:
    timestamp = int((at or datetime.now(UTC)).timestamp())
    signatures = [signature(key, message_id="par_1", timestamp=timestamp, body=body) for key in keys]
    return {
        "webhook-id": "par_1",
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


@pytest.mark.parametrize("keys", [(KEY,), (KEY, OTHER_KEY), (OTHER_KEY, KEY)])
def test_the_receiver_takes_what_nightlatch_sends(is_genuine: Any, keys: tuple[str, ...]) -> None:
    assert is_genuine(KEY, headers(*keys), BODY)


@pytest.mark.parametrize(
    ("told", "body"),
    [
        (headers(OTHER_KEY), BODY),
        (headers(KEY), b"another body"),
        (headers(KEY, at=datetime.now(UTC) - timedelta(minutes=6)), BODY),
        ({**headers(KEY), "webhook-id": "par_2"}, BODY),
        ({**headers(KEY), "webhook-signature": ""}, BODY),
    ],
    ids=["another key", "another body", "an old message", "another id", "no signature"],
)
def test_the_receiver_takes_nothing_else(is_genuine: Any, told: dict[str, str], body: bytes) -> None:
    assert not is_genuine(KEY, told, body)


def section(kind: DestinationKind) -> str:
    return PAGE.split(f"\n## {kind}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize("kind", MODULES)
def test_every_setting_of_a_kind_is_on_the_page(kind: DestinationKind) -> None:
    of_all = set(re.findall(r"`(\w+)`", PAGE.split("## What answers mean")[0]))

    assert set(import_module(MODULES[kind]).Settings.model_fields) - of_all <= set(
        re.findall(r"`(\w+)`", section(kind))
    )


@pytest.mark.parametrize("kind", MODULES)
def test_how_much_goes_at_once_is_on_the_page(kind: DestinationKind) -> None:
    module = import_module(MODULES[kind])
    bounds = module.IN_BATCHES if kind is DestinationKind.WEBHOOK else module.BOUNDS
    [row] = [line for line in PAGE.splitlines() if line.startswith(f"| [`{kind}`]")]
    sizes = {524_288: "512 KiB", 800_000: "800 kB", 1_000_000: "1 MB", 4_500_000: "4.5 MB"}

    assert f"{bounds.entries:,}, {sizes[bounds.bytes]}" in row


def test_what_waits_for_an_administrator_is_on_the_page() -> None:
    [row] = [line for line in PAGE.splitlines() if "the destination or its rights are wrong" in line]
    first, last = map(int, re.findall(r"(\d+) to (\d+)", row)[0])

    assert {*range(first, last), *map(int, re.findall(r"\d+", row))} == MISCONFIGURED
