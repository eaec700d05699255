"""How long a function takes under Lambda's own runtime client until it is ready, and until its first call is answered.

The runtime interface emulator that AWS SAM brings starts `awslambdaric` anew for each measurement. DynamoDB is a stub
that answers at once and has nothing, so the time is the function's own. The emulator does not ration the processor as
Lambda does, and its network is none: only the ratios carry over.
"""

import importlib.util
import platform
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

from tests.benchmarks.cold_start import environment, functions
from tests.benchmarks.layers import ROOT, python_path
from tests.benchmarks.row import NotMeasurableError, Row, compared, in_turn
from tests.cloudformation import template

SAM = "aws-sam-cli==1.170.0"
BARE = "bare boto3 client"
EMPTY = "empty handler"

BASELINES = {
    EMPTY: "handler = lambda event, context: None",
    BARE: """
import boto3
client = boto3.client("dynamodb")
handler = lambda event, context: client.query(
    TableName="t", KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": "x"}})["Items"]
""",
}

FIRST_CALLS = {
    "access_flows": "access_flows_list",
    "access_requests": "access_requests_catalog",
    "anomalies": "anomalies_list",
    "anomaly_detection": "anomaly_detection_sweep",
    "approvals": "approvals_list",
    "audit": "audit_entries",
    "configuration": "configuration_flows",
    "console": "console_home",
    "destinations": "destinations_list",
    "expiry": "expiry_sweep",
    "export_jobs": "export_jobs_work",
    "exports": "exports_show",
    "ingestion": "ingestion_write",
    "integrations": "integrations_list",
    "ledger": "ledger_sweep",
    "oversight": "oversight_activity",
    "provisioning": "provisioning_stream",
    "reports": "reports_make",
    "retention": "retention_sweep",
    "sealing": "sealing_sweep",
    "settings": "settings_put",
    "sign_ins": "sign_ins_tokens",
    "webhook_delivery": "webhook_delivery_sweep",
}
"""The event that each function is first called with."""

NOTHING_THERE = {
    "export_jobs": "NotFoundError: there is no export",
    "reports": "StoreUnavailableError: S3 refused GetObject",
}
"""What functions must fail with whose first event names something, where nothing is."""

READY = re.compile(r"INIT REPORT\(durationMs: ([\d.]+)\)")
ANSWERED = re.compile(r"\tDuration: ([\d.]+) ms")
"""The first call's duration; the emulator begins it before the init, and so it is all of the cold start."""

SETTINGS = {
    "NIGHTLATCH_GROUPS_CLAIM": "cognito:groups",
    "NIGHTLATCH_ADMIN_GROUPS": "admins",
    "NIGHTLATCH_AUDITOR_GROUPS": "auditors",
    "NIGHTLATCH_STATE_TABLE": "state",
    "NIGHTLATCH_LEDGER_TABLE": "ledger",
    "NIGHTLATCH_RETENTION_DAYS": "90",
    "NIGHTLATCH_TIME_ZONE": "UTC",
    "NIGHTLATCH_OPEN_REQUESTS": "25",
    "NIGHTLATCH_API_URL": "https://api1.execute-api.eu-west-1.amazonaws.com",
    "NIGHTLATCH_SCHEDULE_ROLE": "arn:aws:iam::123456789012:role/schedule",
}
"""What the template sets and is read; of everything else it only matters that it is set."""


def rows(*, rounds: int) -> Iterable[Row]:
    """Measure every function and both baselines, until ready and until the first answer."""
    emulator = _emulator()
    with TemporaryDirectory() as folder, _empty_dynamodb() as endpoint:
        cold_starts = {
            name: partial(_cold_start, emulator, endpoint, *candidate)
            for name, candidate in _candidates(Path(folder)).items()
        }
        logs = in_turn(cold_starts, rounds=rounds)
    yield from _compared("ready", logs, READY)
    yield from _compared("answered", logs, ANSWERED)


def _compared(what: str, logs: Mapping[str, list[str]], line: re.Pattern[str]) -> list[Row]:
    taken = {f"{name}, {what}": [_read(name, line, log) for log in those] for name, those in logs.items()}
    return compared(taken, unit="ms", baselines=(f"{BARE}, {what}", f"{EMPTY}, {what}"))


def _read(name: str, line: re.Pattern[str], log: str) -> float:
    found = line.search(log)
    errors = [one for one in log.splitlines() if "[ERROR]" in one or '"level":"ERROR"' in one]
    if found is None or not all(NOTHING_THERE.get(name, "no error") in error for error in errors):
        raise NotMeasurableError(f"{name} did not start:\n{log}")
    return float(found[1])


def _candidates(folder: Path) -> dict[str, tuple[Path, bytes, str]]:
    """Name what is measured: the folder with its app.py, its first event, and where its layers are."""
    for name, source in BASELINES.items():
        (folder / name).mkdir()
        (folder / name / "app.py").write_text(source)
    ours = {task.name: (task, _event(FIRST_CALLS[task.name]), python_path()) for task in functions()}
    return {**{name: (folder / name, b"{}", "") for name in BASELINES}, **ours}


def _event(name: str) -> bytes:
    return (ROOT / "events" / f"{name}.json").read_bytes()


def _cold_start(emulator: str, endpoint: str, task_root: Path, event: bytes, path: str) -> str:
    """Start a function under the emulator, call it once, and return what the emulator logged."""
    runtime, door = _free_port(), _free_port()
    addresses = [
        *("--runtime-api-address", f"127.0.0.1:{runtime}"),
        *("--runtime-interface-emulator-address", f"127.0.0.1:{door}"),
    ]
    process = subprocess.Popen(
        [emulator, *addresses, sys.executable, "-m", "awslambdaric", "app.handler"],
        cwd=task_root,
        env={**_environment(endpoint), "LAMBDA_TASK_ROOT": str(task_root), "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        _call(door, event)
    finally:
        process.terminate()
    return process.communicate(timeout=10)[0]


def settings_of_functions() -> dict[str, str]:
    """Name every setting that the template gives to functions, with a value."""
    variables = template()["Globals"]["Function"]["Environment"]["Variables"]
    return {name: SETTINGS.get(name, "a-value") for name in variables if name.startswith("NIGHTLATCH_")}


def _environment(endpoint: str) -> dict[str, str]:
    return {**environment(), **settings_of_functions(), "AWS_ENDPOINT_URL": endpoint}


def _call(port: int, event: bytes) -> None:
    """Invoke the function, as soon as the emulator listens."""
    for _ in range(200):
        with socket.socket() as door:
            if door.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.01)
    url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
    urllib.request.urlopen(url, data=event, timeout=30).read()


@contextmanager
def _empty_dynamodb() -> Iterator[str]:
    """Serve a DynamoDB that has nothing."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Empty)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class _Empty(BaseHTTPRequestHandler):
    """Answers every read with nothing found."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # Head and body are two writes: the second would wait 40 ms for the first's receipt.

    def do_POST(self) -> None:
        """Answer as reads of any kind without a hit: to GetItem it says that there is no item."""
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"Items": [], "Count": 0, "ScannedCount": 0, "Responses": {}, "UnprocessedKeys": {}, "Attributes": {}}'
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002  (as the base class names it)
        """Say nothing."""


def _free_port() -> int:
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        port: int = any_port.getsockname()[1]
        return port


def _emulator() -> str:
    """Find the runtime interface emulator within AWS SAM, and the runtime client."""
    if importlib.util.find_spec("awslambdaric") is None:
        raise NotMeasurableError("awslambdaric is not installed: uv sync --group bench")
    find = "import samcli; print(samcli.__path__[0])"
    found = subprocess.run(
        ["uv", "tool", "run", "--from", SAM, "python", "-c", find], capture_output=True, text=True, check=False
    )
    name = "aws-lambda-rie-" + {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    emulator = Path(found.stdout.strip(), "local", "rapid", name)
    if found.returncode or not emulator.is_file():
        raise NotMeasurableError(f"{SAM} brings no {name}: {found.stderr.strip()}")
    return str(emulator)
