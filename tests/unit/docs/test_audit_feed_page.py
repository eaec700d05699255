"""docs/audit-feed.md: the answer that it shows is what the feed answers. Its script is run by tests/functions."""

import json
import re

from nightlatch.entrypoints.api.views.audit import EventFeed
from tests.functions.client import ROOT

PAGE = (ROOT / "docs" / "audit-feed.md").read_text()


def test_the_answer_on_the_page_has_every_field_of_the_feeds() -> None:
    [shown] = re.findall(r"```json\n(.+?)```", PAGE, re.DOTALL)

    assert json.loads(shown).keys() == EventFeed.__annotations__.keys()
