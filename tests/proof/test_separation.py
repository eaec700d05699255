"""People are hardly ever taken for programs, and programs are found; the benchmark `separation` says how well."""

import pytest

from tests.proof.askers import BROWSER, CURL, PEOPLE, PROGRAMS
from tests.proof.separation import judged

ASKERS = 4
HIDDEN = ("nightly on working days", "script run by hand")
"""What has no rhythm that differs from a person's, unless it says by what it asks."""


@pytest.mark.parametrize("way", PEOPLE)
def test_a_person_makes_at_most_an_anomaly_in_two_weeks(way: str) -> None:
    assert judged(way, PEOPLE[way], agent=BROWSER, askers=ASKERS).a_week <= 0.5


@pytest.mark.parametrize("way", [way for way in PROGRAMS if way not in HIDDEN])
def test_a_program_is_found_by_its_rhythm_alone(way: str) -> None:
    assert judged(way, PROGRAMS[way], agent=BROWSER, askers=ASKERS).share == 100


@pytest.mark.parametrize("way", HIDDEN)
def test_a_program_without_a_rhythm_is_found_by_its_client(way: str) -> None:
    assert judged(way, PROGRAMS[way], agent=BROWSER, askers=ASKERS).share == 0
    assert judged(way, PROGRAMS[way], agent=CURL, askers=ASKERS).share == 100
