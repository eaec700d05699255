"""Assemble the commands, and turn what ends a command into an exit code."""

from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import platformdirs
import typer
from typer.core import TyperGroup

from nightlatch.entrypoints.cli.commands import (
    account,
    alert_rules,
    anomalies,
    anomaly_settings,
    approvals,
    asking,
    audit,
    catalog,
    destinations,
    ending,
    export,
    flow_history,
    flows,
    integrations,
    people,
    proving,
    requests,
    settings,
    stack,
)
from nightlatch.entrypoints.cli.errors import CliError
from nightlatch.entrypoints.cli.invocation import Choices, Output, Outside
from nightlatch.entrypoints.cli.screen import Screen

EXIT_CODES = (
    "Exit codes: 0 done · 1 the API refused · 2 wrong usage · 3 waited for access that did not come · "
    "4 not signed in · 5 the API does not answer."
)

ASK, DECIDE, CONFIGURE, LOCAL = "Ask for access", "Decide and look back", "Configure", "Local stack"


class Commands(TyperGroup):
    """The outermost edge: every named error becomes one message on standard error, and its exit code."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]  # typer gives its own Context, always
        """Run a command."""
        try:
            return super().invoke(ctx)
        except CliError as error:
            Screen().fault(str(error), error.lines)
            raise typer.Exit(error.exit_code) from error


app = typer.Typer(
    name="nightlatch",
    cls=Commands,
    epilog=EXIT_CODES,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_show_locals=False,  # locals hold tokens
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"nightlatch {metadata.version('nightlatch')}")
        raise typer.Exit


@app.callback()
def nightlatch(
    context: typer.Context,
    *,
    acting: Annotated[
        str | None, typer.Option("--as", envvar="NIGHTLATCH_AS", metavar="NAME", help="Act as this signed-in person.")
    ] = None,
    output: Output = None,
    config: Annotated[
        Path | None, typer.Option(envvar="NIGHTLATCH_CONFIG", metavar="DIR", help="Where sign-ins are kept.")
    ] = None,
    version: Annotated[  # noqa: ARG001  # its callback answers
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Access for as long as it is needed, to whoever may have it, with every step on record."""
    directory = config or platformdirs.user_config_path("nightlatch")
    outside = context.obj if isinstance(context.obj, Outside) else Outside()
    context.obj = Choices(config=directory, acting=acting, output=output, outside=outside)


def _group(name: str, text: str, panel: str | None, *, within: typer.Typer = app, **commands: Any) -> typer.Typer:
    group = typer.Typer(no_args_is_help=True)
    for command, function in commands.items():
        group.command(command.replace("_", "-"))(function)
    within.add_typer(group, name=name, help=text, rich_help_panel=panel)
    return group


def _commands(panel: str, **commands: Any) -> None:
    for name, function in commands.items():
        app.command(name, rich_help_panel=panel)(function)


_commands(ASK, login=account.login, logout=account.logout, whoami=account.whoami, catalog=catalog.catalog)
_commands(ASK, request=asking.request, again=asking.again, credentials=requests.credentials)
_commands(ASK, extend=requests.extend, **{"return": requests.give_back})
_group("requests", "Look at requests.", ASK, list=requests.list_requests, show=requests.show, cancel=requests.cancel)
_commands(DECIDE, approvals=approvals.approvals, approve=approvals.approve, reject=approvals.reject)
_commands(DECIDE, revoke=ending.revoke, close=ending.close)
_group("people", "People whom Nightlatch has met.", DECIDE, list=people.list_people)
_group(
    "audit", "Read and prove the audit trail.", DECIDE,
    list=audit.list_entries, show=audit.show, stats=audit.stats, tail=audit.tail,
    export=export.export, seals=proving.seals, prove=proving.prove, verify=proving.verify,
)  # fmt: skip
_group(
    "anomalies", "What was found in the audit trail.", DECIDE,
    list=anomalies.list_anomalies, show=anomalies.show, acknowledge=anomalies.acknowledge,
    resolve=anomalies.resolve, revoke=anomalies.revoke, replay=anomalies.replay,
)  # fmt: skip
_group(
    "flows", "Access flows: who may ask for what.", CONFIGURE, list=flows.list_flows, show=flows.show,
    apply=flows.apply, history=flow_history.history, delete=flows.delete,
)  # fmt: skip
_group(
    "integrations", "Connected systems.", CONFIGURE,
    list=integrations.list_integrations, add=integrations.add, check=integrations.check, scan=integrations.scan,
)  # fmt: skip
_group(
    "destinations", "Where events are sent on to.", CONFIGURE,
    list=destinations.list_destinations, show=destinations.show, add=destinations.add, edit=destinations.edit,
    test=destinations.try_out, enable=destinations.enable, disable=destinations.disable, log=destinations.log,
    replay=destinations.replay, remove=destinations.remove, rotate_secret=destinations.rotate_secret,
)  # fmt: skip
_rules = _group(
    "alert-rules", "Which events, so many within a time, are an anomaly.", CONFIGURE,
    list=alert_rules.list_rules, show=alert_rules.show, add=alert_rules.add, edit=alert_rules.edit,
    enable=alert_rules.enable, disable=alert_rules.disable, remove=alert_rules.remove,
)  # fmt: skip
_rules.command("try")(alert_rules.try_out)
_settings = _group(
    "settings", "What is decided about the audit trail and about anomalies.", CONFIGURE,
    show=settings.show, retention=settings.retention, reads=settings.reads,
)  # fmt: skip
_group(
    "writers", "Services that may write events of their own.", None, within=_settings,
    add=settings.add_writer, remove=settings.remove_writer,
)  # fmt: skip
_group(
    "anomalies", "By what anomalies are found.", None, within=_settings,
    show=anomaly_settings.show, set=anomaly_settings.change,
)  # fmt: skip
_commands(LOCAL, up=stack.up, down=stack.down, status=stack.status, logs=stack.logs)
