"""docs/siem.md: what it says that things become, and where they go. Its queries are run by tests/integration."""

from nightlatch.adapters.exports.ocsf import CLASSES, VERSION
from nightlatch.domain.destination import DestinationKind
from tests.functions.client import ROOT

PAGE = " ".join((ROOT / "docs" / "siem.md").read_text().split())


def test_every_class_is_on_the_page_and_the_one_of_everything_else_is_the_last() -> None:
    rest = CLASSES[""]
    before, _, after = PAGE.partition("and everything else")

    assert all(f"as {kind.name} ({kind.uid})" in before for kind in CLASSES.values() if kind is not rest)
    assert f"as {rest.name} ({rest.uid})." in after
    assert f"OCSF {VERSION}" in before


def test_every_kind_of_destination_is_on_the_page() -> None:
    assert all(f"](destination-kinds.md#{kind})" in PAGE for kind in DestinationKind)
