"""docs/anomalies.md names the types and the settings that there are, and the values that they have at first."""

import re
from pathlib import Path
from typing import Any

from nightlatch.domain.anomaly import TITLES, AnomalyType
from nightlatch.domain.anomaly_settings import AnomalyChoices
from nightlatch.domain.detection_lane import REMEMBERED

PAGE = (Path(__file__).parents[3] / "docs" / "anomalies.md").read_text()
OF_ALL = {"enabled", "exempt"}


def fields() -> dict[str, Any]:
    """List the settings as the page names them."""
    delivered = AnomalyChoices().model_dump(mode="json")
    return {
        f"{'*' if name in OF_ALL else section}.{name}": value
        for section, choices in delivered.items()
        for name, value in choices.items()
    }


def test_every_setting_is_on_the_page_with_what_it_is_at_first() -> None:
    rows = dict(re.findall(r"^\| `([a-z_*]+\.\w+)` \| [^|]+ \| ([^|]+) \|$", PAGE, re.MULTILINE))
    numbers = {name: f"`{value}`" for name, value in fields().items() if isinstance(value, int) and name != "*.enabled"}
    words = {name: ", ".join(f"`{word}`" for word in value) for name, value in fields().items() if name[:6] == "words."}

    assert set(rows) == set(fields())
    assert {name: rows[name] for name in numbers} == numbers
    assert {name: rows[name] for name in words} == words
    assert all(rows[name] == f"`{value}`" for name, value in fields().items() if name.endswith("severity"))


def test_every_type_that_is_looked_for_is_on_the_page() -> None:
    types = set(AnomalyType) - {AnomalyType.ALERT_RULE}
    assert all(f"{TITLES[one]} (`{one}`)" in PAGE for one in types)


def test_the_page_says_how_long_people_are_remembered() -> None:
    assert f"and {REMEMBERED.days} days from then on" in PAGE
