"""What a command does not load is what nobody waits for."""

import subprocess
import sys

AWS = {"boto3", "botocore", "pynamodb"}
SLOW = AWS | {"httpx", "pydantic", "yaml"}


def loaded_by(code: str) -> set[str]:
    """Name the modules that a fresh interpreter has loaded after running `code`."""
    command = [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"]
    return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


def test_help_loads_nothing_slow() -> None:
    assert not SLOW & loaded_by("import nightlatch.entrypoints.cli.main")


def test_calling_the_api_does_not_load_aws() -> None:
    assert not AWS & loaded_by("from nightlatch.entrypoints.cli import client, login, stacks")
