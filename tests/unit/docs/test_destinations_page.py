"""docs/destinations.md says what the code does."""

import re
from pathlib import Path

from nightlatch.domain.delivery import LADDER, LOG_KEPT, LONGEST_FAILING, MOST_REPLAYS, Result
from nightlatch.domain.destination import LONGEST_TIMEOUT, MOST_HEADERS
from nightlatch.domain.destination_choices import DestinationChoices
from nightlatch.services.delivering import PAGE
from nightlatch.services.destinations import MOST_DESTINATIONS, OLD_SECRET_KEPT

TEXT = (Path(__file__).parents[3] / "docs" / "destinations.md").read_text()
ALL_ON_THEIR_OWN = {"name"}
"""What is clear without a word."""


def test_every_choice_is_on_the_page() -> None:
    named = set(re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE))

    assert named == DestinationChoices.model_fields.keys() - ALL_ON_THEIR_OWN


def test_every_result_of_the_log_is_on_the_page() -> None:
    assert all(f"`{result}`" in TEXT for result in Result)


def test_the_ladder_is_the_one_that_is_climbed() -> None:
    units = {"s": 1, "min": 60, "h": 3600}
    written = re.search(r"again after ([^(]+) \(", TEXT)
    assert written is not None
    rungs = re.findall(r"(\d+) (s|min|h)\b", written[1])

    assert [int(number) * units[unit] for number, unit in rungs] == [rung.total_seconds() for rung in LADDER]


def test_the_limits_are_those_of_the_code() -> None:
    assert f"{MOST_DESTINATIONS} destinations at most" in TEXT
    assert f"at most {MOST_HEADERS}; those" in TEXT
    assert f"1 to {LONGEST_TIMEOUT};" in TEXT
    assert f"a write for {PAGE} entries" in TEXT
    assert f"for {LOG_KEPT.days} days" in TEXT
    assert f"more than {MOST_REPLAYS} stretches" in TEXT
    assert f"**{OLD_SECRET_KEPT.total_seconds() / 3600:.0f} hours**" in TEXT
    assert LONGEST_FAILING.days == 5
    assert "for five days" in TEXT
