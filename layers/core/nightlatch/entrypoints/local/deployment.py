"""The real `sam build` and `sam deploy` of this template, against the emulator.

Then the FIX step: what the emulator's CloudFormation drops without a word is set by ordinary calls, as the deployed
template says it.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from nightlatch.entrypoints.local import aws, tools
from nightlatch.entrypoints.local.emulator import REQUIREMENTS as EMULATOR_REQUIREMENTS
from nightlatch.entrypoints.local.layout import Layout
from nightlatch.entrypoints.local.processes import run

STACK = "nightlatch"
SAM = ("aws-sam-cli==1.170.0",)

_BUCKET = "nightlatch-deployments"
_DEPLOYED = "/nightlatch/local/deployed"
_COMPLETE = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
_OF_A_MAPPING = (
    "EventSourceArn",
    "StartingPosition",
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "ParallelizationFactor",
    "FilterCriteria",
    "FunctionResponseTypes",
    "BisectBatchOnFunctionError",
    "MaximumRetryAttempts",
    "MaximumRecordAgeInSeconds",
    "DestinationConfig",
)
_NEVER_BUILT = {"__pycache__", ".mypy_cache", ".ruff_cache"}


@dataclass(frozen=True)
class Deployed:
    """A stack's outputs, parameters and resources: the physical ids by logical id, and the template's properties."""

    outputs: Mapping[str, str]
    ids: Mapping[str, str]
    resources: Mapping[str, Any]
    parameters: Mapping[str, str] = field(default_factory=dict)

    def of_type(self, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Find the resources of one type that were really made: physical id and properties."""
        for name, resource in self.resources.items():
            if resource["Type"] == kind and name in self.ids:
                yield self.ids[name], resource.get("Properties", {})


def install(layout: Layout) -> None:
    """Install SAM into an environment of its own, unless it is there: its pins fit nobody else's."""
    tools.install(layout.sam_environment, SAM, layout=layout)


def build(layout: Layout) -> str:
    """Build what changed since the last time; return the digest of what is built."""
    digest = source_digest(layout)
    marker = layout.build / ".digest"
    if not (marker.exists() and marker.read_text() == digest):
        marker.unlink(missing_ok=True)
        _sam(layout, "build", "--template-file", str(layout.template), "--build-dir", str(layout.build), *_parameters())
        marker.write_text(digest)
    return digest


def deploy(layout: Layout, digest: str, *, port: int) -> None:
    """Deploy what is built, unless the emulator has it already.

    The emulator itself remembers what was deployed to it: its state can be older than our files.
    """
    digest = f"{digest} {port}"  # what is deployed names the port: the console's address, and where people sign in
    if _deployed_digest(port) == digest and _is_complete(port):
        return
    _make_bucket(port)
    _sam(
        layout,
        "deploy",
        *("--template-file", str(layout.build / "template.yaml"), "--stack-name", STACK, "--s3-bucket", _BUCKET),
        *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"),
        *("--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"),
        *_parameters(),
        f"SignInPage=http://127.0.0.1:{port}/oauth2/authorize",
        **aws.environment(port),
    )
    aws.client("ssm", port=port).put_parameter(Name=_DEPLOYED, Value=digest, Type="String", Overwrite=True)


def describe(port: int) -> Deployed:
    """Read what was deployed."""
    cloudformation = aws.client("cloudformation", port=port)
    stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    resources = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
    template = cloudformation.get_template(StackName=STACK, TemplateStage="Processed")["TemplateBody"]
    return Deployed(
        outputs={output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", ())},
        ids={resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources},
        resources=template["Resources"],
        parameters={each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", ())},
    )


def fix(deployed: Deployed, *, port: int) -> None:
    """Set the tables' TTL and point-in-time recovery and the buckets' Object Lock, which the emulator drops."""
    dynamodb = aws.client("dynamodb", port=port)
    for table, properties in deployed.of_type("AWS::DynamoDB::Table"):
        if expiry := properties.get("TimeToLiveSpecification"):
            dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=expiry)
        if recovery := properties.get("PointInTimeRecoverySpecification"):
            dynamodb.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=recovery)
    s3 = aws.client("s3", port=port)
    for bucket, properties in deployed.of_type("AWS::S3::Bucket"):
        if lock := properties.get("ObjectLockConfiguration"):
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
            s3.put_object_lock_configuration(
                Bucket=bucket, ObjectLockConfiguration=_resolved(lock, deployed.parameters)
            )


def renew_mappings(lambda_: Any) -> None:
    """Map streams to functions anew, which an emulator needs that was started with the state of before.

    It remembers how many records each mapping has read, but not the records: it would deliver none until there were as
    many again.
    """
    for mapping in lambda_.list_event_source_mappings()["EventSourceMappings"]:
        lambda_.delete_event_source_mapping(UUID=mapping["UUID"])
        settings = {name: mapping[name] for name in _OF_A_MAPPING if mapping.get(name) is not None}
        lambda_.create_event_source_mapping(FunctionName=mapping["FunctionArn"], **settings)


def _resolved(value: Any, parameters: Mapping[str, str]) -> Any:
    """Put parameters' values in the place of `Ref`s to them. What CloudFormation reads as a number is one."""
    match value:
        case {"Ref": name}:
            chosen = parameters[name]
            return int(chosen) if chosen.isdigit() else chosen
        case dict():
            return {name: _resolved(inner, parameters) for name, inner in value.items()}
    return value


def source_digest(layout: Layout) -> str:
    """Hash everything that a build depends on."""
    digest = hashlib.sha256(" ".join((*_parameters(), *SAM, *EMULATOR_REQUIREMENTS)).encode())
    for file in _sources(layout.project):
        digest.update(f"\n{file.relative_to(layout.project)} {file.stat().st_mode:o}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _sources(project: Path) -> Iterator[Path]:
    yield project / "template.yaml"
    for directory in (project / "functions", project / "layers"):
        yield from sorted(
            path for path in directory.rglob("*") if path.is_file() and not _NEVER_BUILT.intersection(path.parts)
        )


def _parameters() -> tuple[str, ...]:
    runtime = f"PythonRuntime=python{tools.python_version()}"
    inside = "EgressExceptions=localhost,127.0.0.1"  # receivers of events on this machine, to try destinations with
    return ("--parameter-overrides", "Target=local", inside, f"Architecture={tools.architecture()}", runtime)


def _sam(layout: Layout, action: str, *arguments: str, **environment: str) -> None:
    run(
        f"sam {action}",
        (str(layout.sam_environment / "bin" / "sam"), action, *arguments),
        environment=_sam_environment(layout, environment),
        log=layout.log(f"sam-{action}"),
        directory=layout.home,  # not in the checkout: a samconfig.toml there is for AWS
    )


def _sam_environment(layout: Layout, more: Mapping[str, str]) -> dict[str, str]:
    """Let SAM find uv and the emulator's Python, which is what will run the functions."""
    inherited = tools.child_environment()
    path = (str(layout.emulator_environment / "bin"), str(Path(tools.uv()[0]).parent), inherited.get("PATH", ""))
    return {
        **inherited,
        "PATH": ":".join(path),
        "SAM_CLI_TELEMETRY": "0",
        "NIGHTLATCH_LAYER_PYTHON": tools.python_version(),
        "NIGHTLATCH_LAYER_PLATFORM": tools.wheel_platform(),
        **more,
    }


def _deployed_digest(port: int) -> str | None:
    ssm = aws.client("ssm", port=port)
    try:
        return str(ssm.get_parameter(Name=_DEPLOYED)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        return None


def _is_complete(port: int) -> bool:
    try:
        stacks = aws.client("cloudformation", port=port).describe_stacks(StackName=STACK)["Stacks"]
    except ClientError:  # the way to say that there is no such stack
        return False
    return stacks[0]["StackStatus"] in _COMPLETE


def _make_bucket(port: int) -> None:
    aws.client("s3", port=port).create_bucket(Bucket=_BUCKET)  # again, in us-east-1, is no error
