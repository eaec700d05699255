"""AWS clients that talk to the emulator, whatever the person's own profile says."""

from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from nightlatch.entrypoints.local.facts import REGION

KEY = "test"  # the emulator's root; it does not look at the secret


def client(service: str, *, port: int) -> Any:
    """Make a client of a service. Untyped: the local stack uses a call or two of many services."""
    # A profile named in the environment need not exist, and must not matter: it is looked up nowhere.
    base = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
    session = boto3.Session(botocore_session=base, aws_access_key_id=KEY, aws_secret_access_key=KEY, region_name=REGION)
    settings = Config(proxies={}, retries={"total_max_attempts": 3})
    return session.client(service, endpoint_url=f"http://127.0.0.1:{port}", config=settings)  # type: ignore[call-overload]  # the name is a variable


def environment(port: int) -> dict[str, str]:
    """Say the same to a tool, such as SAM, that reads the environment."""
    return {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }
