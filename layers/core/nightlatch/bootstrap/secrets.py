"""The secret store, and the key of cursors that lies in it."""

from functools import cache

from nightlatch.adapters.secrets import SecretsManagerSecrets
from nightlatch.bootstrap import aws
from nightlatch.bootstrap.settings import settings


@cache
def secrets() -> SecretsManagerSecrets:
    """Wire the secret store."""
    return SecretsManagerSecrets(lambda: aws.client("secretsmanager"), prefix=settings().secret_prefix)


@cache
def cursor_key() -> str:
    """Read the key that cursors are signed with."""
    return secrets().get(settings().cursor_secret)
