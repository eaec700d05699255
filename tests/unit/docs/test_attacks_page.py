"""docs/attacks.md and the tests agree on which attack is tested where."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
ROW = re.compile(r"^\| (?P<number>[A-J]\d+) \|.*\| (?P<links>[^|]*) \|$", re.MULTILINE)
LINK = re.compile(r"\]\(\.\./(?P<file>[^)]+)\)")
NUMBERED = re.compile(r'"""(?P<numbers>[A-J]\d+(?:(?:, |\. )[A-J]\d+)*)[:.]')


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
    assert len(listed) > 30
