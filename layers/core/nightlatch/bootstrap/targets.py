"""Target systems, and the secrets of the access that is given there."""

from functools import cache

from nightlatch.adapters.connectors.registry import ConnectorRegistry
from nightlatch.adapters.kms import KmsVault
from nightlatch.bootstrap import aws
from nightlatch.bootstrap.secrets import secrets
from nightlatch.bootstrap.settings import settings


@cache
def connectors() -> ConnectorRegistry:
    """Wire what makes connectors."""
    return ConnectorRegistry(secrets=secrets())


@cache
def vault() -> KmsVault:
    """Wire the encryption of session secrets."""
    return KmsVault(lambda: aws.client("kms"), key_id=settings().credentials_key)
