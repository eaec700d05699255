"""docs/audit-feed.md: its script follows the feed of the real functions, and what it names is what there is."""

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from threading import Lock, Thread

import pytest

from nightlatch.services.audit_trail import LONGEST_LOOK, LONGEST_SEARCH
from nightlatch.services.ledger_search import MOST_LOOKUPS
from tests.builders import IVO, World
from tests.functions.client import ROOT, Client

PAGE = (ROOT / "docs" / "audit-feed.md").read_text()
PATIENCE_SECONDS = 30
CUT = 0
"""In place of a status: the connection is closed without an answer."""


class Api:
    """The functions behind a real HTTP server, which fails when it is told to."""

    def __init__(self, world: World) -> None:
        self.faults: list[int] = []
        self.tokens: set[str | None] = set()
        self._client = Client(world)
        self._lock = Lock()
        self._world = world
        self.seen = 0

    def submit(self, count: int) -> None:
        """Let so many events happen."""
        with self._lock:
            for _ in range(count):
                self._world.submitted()
            self._world.events()

    def answer(self, path: str, token: str | None) -> tuple[int, str]:
        """Answer a call, or fail."""
        with self._lock:
            self.seen += 1
            self.tokens.add(token)
            if self.faults:
                return self.faults.pop(0), "{"
            answer = self._client.get(path, by=IVO)
            return answer.status, answer.text


@contextmanager
def served(api: Api) -> Iterator[str]:
    """Listen on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, text = api.answer(self.path, self.headers["authorization"])
            if status == CUT:
                self.close_connection = True
                return
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Follower:
    """The script of the page, as somebody would run it."""

    def __init__(self, directory: Path, api: str) -> None:
        (match,) = re.findall(r"^```bash\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
        self.directory, self.place = directory, directory / "place"
        (directory / "follow.sh").write_text(match)
        (directory / "token").write_text("a-token")
        own = {"NIGHTLATCH_API": api, "NIGHTLATCH_TOKEN_FILE": "token", "NIGHTLATCH_PAUSE": "0.05", "NO_PROXY": "*"}
        self._environment = {**os.environ, **own}

    @contextmanager
    def running(self) -> Iterator["subprocess.Popen[bytes]"]:
        """Run it until it is killed."""
        with (
            (self.directory / "events.jsonl").open("a") as out,
            (self.directory / "told").open("a") as told,
            subprocess.Popen(
                ["bash", "follow.sh", "place"],
                cwd=self.directory,
                env=self._environment,
                stdout=out,
                stderr=told,
            ) as process,
        ):
            try:
                yield process
            finally:
                process.kill()

    def numbers(self) -> list[int]:
        """Read which events it has written."""
        lines = (self.directory / "events.jsonl").read_text().splitlines()
        return [json.loads(line)["seq"] for line in lines]


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture
def api(world: World) -> Api:
    return Api(world)


def test_the_script_follows_the_feed_through_faults_and_restarts(api: Api, tmp_path: Path) -> None:
    """I3."""
    api.submit(3)
    api.faults += [503, CUT, 429, 401, 200]  # the last is an answer that is no JSON
    with served(api) as address:
        follower = Follower(tmp_path, address)
        with follower.running():
            wait_until(lambda: len(follower.numbers()) == 4)  # the first event is that the person was met
            api.faults += [500, 504, CUT]
            api.submit(2)
            wait_until(lambda: len(follower.numbers()) == 6)
            wait_until(follower.place.exists)
        written, place = len(follower.numbers()), follower.place.read_text()
        api.submit(2)
        assert (len(follower.numbers()), follower.place.read_text()) == (written, place)
        with follower.running():
            wait_until(lambda: 8 in follower.numbers())

    assert sorted(set(follower.numbers())) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert api.tokens == {"Bearer a-token"}


def test_the_script_tells_of_what_is_no_longer_kept_and_goes_on(api: Api, world: World, tmp_path: Path) -> None:
    """D5."""
    api.submit(3)
    first = Client(world).get("/v1/audit?limit=1", by=IVO).json
    world.clock.advance(timedelta(days=91))
    api.submit(1)
    world.clock.advance(timedelta(days=2))  # so that nothing below it can still be in flight
    with served(api) as address:
        follower = Follower(tmp_path, address)
        follower.place.write_text(first["_links"]["next"]["href"] + "\n")
        with follower.running():
            wait_until(lambda: bool(follower.numbers()))

    assert follower.numbers()[:1] == [max(world.store.ledger)]
    assert "events are missing" in (tmp_path / "told").read_text()


def test_the_script_stops_at_a_place_that_is_none(api: Api, tmp_path: Path) -> None:
    with served(api) as address:
        follower = Follower(tmp_path, address)
        follower.place.write_text("/v1/audit?from=forged\n")
        with follower.running() as process:
            assert process.wait(PATIENCE_SECONDS) == 1

    assert api.seen == 1


@pytest.mark.parametrize("path", ["/v1/audit", "/v1/audit/entries"])
def test_every_parameter_is_on_the_page(path: str) -> None:
    document = json.loads(files("nightlatch.entrypoints.api").joinpath("openapi.json").read_text())
    names = {parameter["name"] for parameter in document["paths"][path]["get"]["parameters"]}

    explained_there = {"round", "zone", "cursor"}
    assert names - explained_there <= set(re.findall(r"`(\w+)`", PAGE)) | {"limit"}


def test_the_page_says_how_far_a_search_goes() -> None:
    assert f"At most {LONGEST_LOOK:,} events are\n  looked at for a page" in PAGE
    assert f"at most {LONGEST_SEARCH:,} entries are looked at, and at most {MOST_LOOKUPS} days of one type" in PAGE
