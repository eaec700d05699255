"""docs/attacks.md and the tests agree on which attack is tested where."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
ROW = re.compile(r"^\| (?P<number>[A-J]\d+) \|.*\| (?P<links>[^|]*) \|$", re.MULTILINE)
LINK = re.compile(r"\]\(\.\./(?P<file>[^)]+)\)")
NUMBERED = re.compile(r'"""(?P<numbers>[A-J]\d+(?:(?:, |\. )[A-J]\d+)*)[:.]')

LAST = {"A": 13, "B": 6, "C": 5, "D": 5, "E": 4, "F": 5, "G": 3, "H": 2, "I": 4, "J": 6}
"""The last number of each kind of attack."""

NOT_POSSIBLE = {"E2"}
"""What is sent in Slack's name: Nightlatch takes nothing from there."""


def in_the_tests() -> Iterator[tuple[str, str]]:
    for file in sorted((ROOT / "tests").rglob("*.py")):
        for docstring in NUMBERED.finditer(file.read_text()):
            for number in re.split(r", |\. ", docstring["numbers"]):
                yield number, str(file.relative_to(ROOT))


def test_every_row_links_exactly_the_tests_that_name_its_number() -> None:
    page = (ROOT / "docs" / "attacks.md").read_text()
    listed = {row["number"]: {link["file"] for link in LINK.finditer(row["links"])} for row in ROW.finditer(page)}
    tested = defaultdict(set)
    for number, file in in_the_tests():
        tested[number].add(file)

    assert listed == tested


def test_no_number_is_left_out() -> None:
    page = (ROOT / "docs" / "attacks.md").read_text()
    listed = [row["number"] for row in ROW.finditer(page)]

    every = [f"{letter}{number}" for letter, last in LAST.items() for number in range(1, last + 1)]
    assert listed == [number for number in every if number not in NOT_POSSIBLE]
