"""docs/settings.md names the settings that there are."""

import re
from pathlib import Path

from nightlatch.domain.audit_settings import LONGEST_DAYS, SHORTEST_DAYS, AuditChoices

PAGE = (Path(__file__).parents[3] / "docs" / "settings.md").read_text()


def test_every_setting_is_on_the_page_and_no_other() -> None:
    named = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))

    assert named == {*AuditChoices.model_fields, "version"}


def test_the_page_says_between_which_days_one_may_choose() -> None:
    assert f"{SHORTEST_DAYS} to {LONGEST_DAYS}" in PAGE
