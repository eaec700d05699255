"""microburst between the functions and the emulator: AWS as it is on a bad day, in AWS's own words."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from nightlatch.entrypoints.local import aws, tools
from nightlatch.entrypoints.local.facts import StackFacts
from nightlatch.entrypoints.local.layout import Layout

REQUIREMENTS = ("microburst==0.10.0",)
FUNCTIONS = ("access-requests", "approvals", "provisioning", "expiry", "ledger")
READY_SECONDS = 30
BEYOND_RETRIES = 3
"""So often is one call sent at most."""

Rule = dict[str, Any]

FAULTS: dict[str, Rule] = {
    "refused": {"reset": True, "times": BEYOND_RETRIES},
    "500": {"error": {"code": "InternalServerError", "status": 500}, "times": BEYOND_RETRIES},
    "throttled": {"error": {"code": "ThrottlingException", "status": 400}, "times": BEYOND_RETRIES},
    "slow": {"timeout_ms": 3_500, "times": BEYOND_RETRIES},
    "slow once": {"timeout_ms": 3_500, "times": 1},
    "reply lost": {"response": {"abort_frac": 0.3}, "times": 1},
}


@dataclass(frozen=True)
class FaultyAws:
    """Where the faulty AWS listens."""

    url: str

    def fail(self, call: str, fault: str, *about: str) -> "Injected":
        """Let the next calls `service.Operation` that mention all of this fail."""
        service, operation = call.split(".")
        mentions = " && ".join(f"contains(to_string(@), '{text}')" for text in about)
        rule = {"service": service, "operation": operation, "body": mentions, **FAULTS[fault]}
        added = httpx.patch(f"{self.url}/_microburst/rules", json=[rule], trust_env=False).raise_for_status()
        return Injected(self, int(added.json()[0]["id"]))

    def rules(self) -> dict[int, Rule]:
        """Read the faults that were arranged, and how often each has happened."""
        return {rule["id"]: rule for rule in httpx.get(f"{self.url}/_microburst/rules", trust_env=False).json()}


@dataclass(frozen=True)
class Injected:
    """One fault that was arranged."""

    aws: FaultyAws
    rule_id: int

    @property
    def has_happened(self) -> bool:
        """Whether a call has met it."""
        return bool(self._rule["fired_count"])

    @property
    def is_over(self) -> bool:
        """Whether no further call can meet it."""
        return bool(self._rule["fired_count"] == self._rule["times"])

    @property
    def _rule(self) -> Rule:
        return self.aws.rules()[self.rule_id]


@contextmanager
def running(environment: Path, facts: StackFacts, layout: Layout, *, port: int) -> Iterator[FaultyAws]:
    """Install and start it in front of the emulator.

    It signs again, as the emulator's root, because what the functions sign names another host: rights are not enforced
    here.
    """
    tools.install(environment, REQUIREMENTS, layout=layout)
    command = (
        str(environment / "bin" / "microburst"),
        "--upstream",
        facts.emulator_url,
        "--port",
        str(port),
        "--resign",
    )
    root = aws.environment(int(facts.emulator_url.rpartition(":")[2]))
    process = subprocess.Popen(command, env=tools.child_environment(**root), stdout=subprocess.DEVNULL)
    try:
        faulty = FaultyAws(f"http://127.0.0.1:{port}")
        _wait_for(faulty)
        yield faulty
    finally:
        process.kill()  # it would wait for the calls that it holds
        process.wait()


@contextmanager
def in_front_of_functions(faulty: FaultyAws, facts: StackFacts, lambda_: Any) -> Iterator[None]:
    """Let the functions find AWS there, and in the end where it was."""
    names = [f"{facts.stack}-{name}" for name in FUNCTIONS]
    before = {name: lambda_.get_function_configuration(FunctionName=name)["Environment"] for name in names}
    try:
        for name, environment in before.items():
            variables = {**environment["Variables"], "AWS_ENDPOINT_URL": faulty.url}
            lambda_.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
        yield
    finally:
        for name, environment in before.items():
            lambda_.update_function_configuration(FunctionName=name, Environment=environment)


def _wait_for(faulty: FaultyAws) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            faulty.rules()
        except httpx.TransportError:
            assert time.monotonic() < deadline, "microburst does not answer"
            time.sleep(0.1)
        else:
            return
