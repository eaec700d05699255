"""The page on lists: what it names is what there is."""

import json
import re
from importlib.resources import files

from nightlatch.services.paging import LONGEST_SEARCH
from tests.functions.client import ROOT

PAGE = (ROOT / "docs" / "api.md").read_text()


def test_every_parameter_of_the_list_is_on_the_page() -> None:
    document = json.loads(files("nightlatch.entrypoints.api").joinpath("openapi.json").read_text())
    names = {parameter["name"] for parameter in document["paths"]["/v1/requests"]["get"]["parameters"]} - {"cursor"}

    assert names <= set(re.findall(r"`(\w+)`", PAGE))


def test_the_page_says_how_far_a_search_goes() -> None:
    assert f"{LONGEST_SEARCH:,} requests for a page" in PAGE
