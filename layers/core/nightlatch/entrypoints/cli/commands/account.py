"""Who one is: sign in, sign out, ask who acts."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import RenderableType

from nightlatch.entrypoints.cli.commands.stack import HOME, Home
from nightlatch.entrypoints.cli.errors import CliError
from nightlatch.entrypoints.cli.invocation import Acting, Invocation, Output, invocation
from nightlatch.entrypoints.cli.screen import LINK, MUTED, facts
from nightlatch.entrypoints.cli.session import DEFAULT, Profile
from nightlatch.entrypoints.cli.shapes import NOTHING, Json

if TYPE_CHECKING:
    from nightlatch.entrypoints.cli.session import Stack, Tokens


def login(
    context: typer.Context,
    *,
    name: Annotated[str | None, typer.Argument(help="Your name in the user pool. Without: sign in by browser.")] = None,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin.")] = False,
    api: Annotated[
        str | None, typer.Option(help="A deployed stack's ApiUrl. Else: the stack used last, or local.")
    ] = None,
    issuer: Annotated[str | None, typer.Option(help="Its Issuer.")] = None,
    client_id: Annotated[str | None, typer.Option(help="Its ClientId.")] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Let the issuer ask again who you are: some flows want it of approvers.")
    ] = False,
    home: Home = HOME,
    acting: Acting = None,
    output: Output = None,
) -> None:
    """Sign in. Several people can be signed in at once: choose with --as NAME or NIGHTLATCH_AS.

    nightlatch login maya
    nightlatch login --api https://… --issuer https://… --client-id …
    """
    run = invocation(context, acting, output)
    stack = _stack(run, home, api=api, issuer=issuer, client_id=client_id)
    tokens = (
        _with_browser(run, stack, is_fresh=fresh)
        if name is None
        else _with_password(run, stack, name, from_stdin=password_stdin)
    )
    profile = Profile(run.acting or name or DEFAULT, stack, tokens)
    run.profiles.save(profile)
    run.profiles.use(profile.name)
    run.acting = profile.name
    run.screen.show(run.api.get("/v1/whoami"), _whoami_view)


def logout(context: typer.Context, *, acting: Acting = None) -> None:
    """Sign out: end the session, and forget the tokens that are kept on this machine."""
    run = invocation(context, acting)
    name = run.profiles.load(run.acting).name
    run.acting = name
    _tell(run, "the API", lambda: run.api.post("/v1/sign-out"))
    _tell(run, "the issuer", lambda: _revoke(run))
    run.profiles.forget(name)
    run.screen.note(f"Signed out {name}.")


def whoami(context: typer.Context, *, acting: Acting = None, output: Output = None) -> None:
    """Show who acts, in which groups and roles."""
    run = invocation(context, acting, output)
    run.screen.show(run.api.get("/v1/whoami"), _whoami_view)


def _tell(run: Invocation, whom: str, tell: Callable[[], object]) -> None:
    """Say that one signs out; who does not hear it keeps nobody signed in on this machine."""
    try:
        tell()
    except CliError as error:
        run.screen.note(f"Not told to {whom}: {error}")


def _revoke(run: Invocation) -> None:
    from nightlatch.entrypoints.cli import login, stacks  # noqa: PLC0415  # with httpx, which is slow to import

    profile = stacks.at_its_current_address(run.profiles.load(run.acting))
    if profile.tokens.refresh_token:
        with run.http(profile.stack.login_url or profile.stack.issuer) as http:
            login.revoke(http, profile.stack, profile.tokens.refresh_token)


def _stack(run: Invocation, home: Path, *, api: str | None, issuer: str | None, client_id: str | None) -> "Stack":
    """Choose the stack: the one that is named, the local one that is here, or the one that was used last."""
    from nightlatch.entrypoints.cli import stacks  # noqa: PLC0415  # with httpx, which is slow to import

    if api:
        return stacks.named_stack(api, issuer, client_id)
    if (home / stacks.FACTS).exists() or run.profiles.current() is None:
        return stacks.local_stack(home)
    return stacks.at_its_current_address(run.profiles.load(None)).stack


def _with_password(run: Invocation, stack: "Stack", name: str, *, from_stdin: bool) -> "Tokens":
    from nightlatch.entrypoints.cli import login, stacks  # noqa: PLC0415  # as above

    password = sys.stdin.readline().rstrip("\r\n") if from_stdin else stacks.demo_password(stack, name)
    if password and not from_stdin:
        run.screen.note((f"{name} is a demo account of the local stack: its password is known.", MUTED))
    password = password or typer.prompt(f"Password of {name}", hide_input=True, err=True)
    with run.http(stack.login_url or stack.issuer) as http:
        return login.sign_in(http, stack, name, password, now=int(run.now.timestamp()))


def _with_browser(run: Invocation, stack: "Stack", *, is_fresh: bool) -> "Tokens":
    from nightlatch.entrypoints.cli import browser  # noqa: PLC0415  # as above

    with run.http(stack.sign_in_page or stack.issuer) as http:
        return browser.sign_in_with_browser(
            http,
            stack,
            open_browser=run.outside.open_browser,
            say=lambda page: run.screen.note("Sign in here, if no browser opens: ", (page, LINK)),
            now=lambda: int(run.now.timestamp()),
            is_fresh=is_fresh,
            port=run.outside.callback_port or browser.PORT,
        )


def _whoami_view(me: Json) -> RenderableType:
    return facts(
        [
            ("Name", me.get("name") or NOTHING),
            ("E-mail", me.get("email") or NOTHING),
            ("Id", me["id"]),
            ("Groups", ", ".join(sorted(me["groups"])) or NOTHING),
            ("Roles", ", ".join(sorted(me["roles"])) or NOTHING),
            ("Issuer", me["issuer"]),
        ]
    )
