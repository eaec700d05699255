"""Which stack is meant: the local one, whose addresses are read from its home, or one that was named."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from nightlatch.entrypoints.cli.client import is_loopback
from nightlatch.entrypoints.cli.errors import MistakenError, NotSignedInError, UnreachableError
from nightlatch.entrypoints.cli.session import Profile, Stack
from nightlatch.entrypoints.local.accounts import ACCOUNTS, PASSWORD
from nightlatch.entrypoints.local.errors import NotRunningError
from nightlatch.entrypoints.local.facts import StackFacts

FACTS = "stack.json"


def local_stack(home: Path) -> Stack:
    """Read where the local stack answers."""
    place = home.expanduser().resolve()
    try:
        facts = StackFacts.read(place / FACTS)
    except NotRunningError as error:
        raise UnreachableError(f"no local stack in {place}: {error}") from error
    return Stack(
        api_url=facts.api_url,
        issuer=facts.issuer,
        client_id=facts.client_id,
        login_url=facts.login_url,
        sign_in_page=facts.sign_in_page,
        home=str(place),
    )


def named_stack(api: str, issuer: str | None, client_id: str | None) -> Stack:
    """Describe a deployed stack. A Cognito user pool's API is at its issuer's host."""
    if not issuer or not client_id:
        raise MistakenError("--api needs --issuer and --client-id with it; the stack's outputs name all three")
    for url in (api, issuer):
        if urlsplit(url).scheme != "https" and not is_loopback(url):
            raise MistakenError(f"{url} is not https: passwords and tokens are never sent in the clear")
    host = urlsplit(issuer).hostname or ""
    is_user_pool = host.startswith("cognito-idp.") and host.endswith((".amazonaws.com", ".amazonaws.com.cn"))
    login_url = f"https://{host}/" if is_user_pool else None
    return Stack(api_url=api.rstrip("/"), issuer=issuer, client_id=client_id, login_url=login_url)


def at_its_current_address(profile: Profile) -> Profile:
    """Find a local stack again, which may have moved since the person signed in there."""
    if profile.stack.home is None:
        return profile
    stack = local_stack(Path(profile.stack.home))
    if (stack.issuer, stack.client_id) != (profile.stack.issuer, profile.stack.client_id):
        again = f"nightlatch login {profile.name}"
        raise NotSignedInError(f"the local stack is a new one since {profile.name} signed in; sign in with: {again}")
    return replace(profile, stack=stack)


def demo_password(stack: Stack, username: str) -> str | None:
    """Give the well-known password of a demo account of the local stack; None for anybody else."""
    if stack.home is None:
        return None
    return PASSWORD if any(account.username == username for account in ACCOUNTS) else None
