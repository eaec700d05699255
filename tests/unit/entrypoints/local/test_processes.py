"""Programs are started to outlive us, recognised later, and stopped; nobody else's process ever is."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nightlatch.entrypoints.local import processes
from nightlatch.entrypoints.local.errors import StepFailedError
from nightlatch.entrypoints.local.processes import Program, Record

SLEEP = (sys.executable, "-c", "import os, time; print(sorted(os.environ), flush=True); time.sleep(60)")
DEAF = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)",
)


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Path]:
    record = tmp_path / "sleeper.json"
    yield record
    processes.stop(record, by=signal.SIGKILL)


def sleeper(record: Path, command: tuple[str, ...] = SLEEP) -> Program:
    log = record.with_suffix(".log")
    return Program(name="sleeper", command=command, environment={"ONLY": "this"}, record=record, log=log)


def started(record: Path, command: tuple[str, ...] = SLEEP) -> int:
    program = sleeper(record, command)
    pid = processes.start(program)
    while not program.log.read_text():
        assert processes.running(record)
    return pid


def test_what_was_started_runs_until_it_is_stopped(record: Path) -> None:
    pid = started(record)
    known = processes.running(record)
    assert known is not None
    assert (known.pid, known.command) == (pid, SLEEP)
    assert processes.stop(record)
    assert processes.running(record) is None
    assert not processes.stop(record)


def test_what_is_started_is_waited_for_until_it_answers(record: Path) -> None:
    program = sleeper(record)
    processes.start_and_wait(program, lambda: program.log.read_text() != "")
    assert program.log.read_text()
    assert processes.running(record)


def test_a_program_that_ends_instead_of_answering_shows_its_log(record: Path) -> None:
    quitter = sleeper(record, (sys.executable, "-c", "raise SystemExit('no room')"))
    with pytest.raises(StepFailedError, match="start sleeper failed: it ended at once") as failed:
        processes.start_and_wait(quitter, lambda: False)
    assert failed.value.tail == ("no room",)


def test_a_program_that_does_not_answer_in_time_is_reported_and_remembered(record: Path) -> None:
    with pytest.raises(StepFailedError, match=r"start sleeper failed: no answer within 0\.1 s"):
        processes.start_and_wait(sleeper(record), lambda: False, within=0.1)
    assert processes.running(record)


def test_a_program_gets_its_own_environment_and_session(record: Path) -> None:
    pid = started(record)
    assert "PATH" not in record.with_suffix(".log").read_text()
    assert os.getsid(pid) == pid


def test_a_reused_process_id_is_neither_running_nor_killed(record: Path) -> None:
    stranger = Record(pid=os.getpid(), began="another time", command=("postgres",))
    record.write_text(stranger.model_dump_json())
    assert processes.running(record) is None
    assert not processes.stop(record, by=signal.SIGKILL)


@pytest.mark.parametrize("text", ["", "{}", "not json"])
def test_a_broken_record_is_no_process(record: Path, text: str) -> None:
    record.write_text(text)
    assert processes.running(record) is None


def test_a_process_that_will_not_end_is_reported_and_remembered(record: Path) -> None:
    started(record, DEAF)
    with pytest.raises(StepFailedError, match=r"is still there after 0\.1 s"):
        processes.stop(record, within=0.1)
    assert processes.running(record)


def test_the_remains_of_a_process_are_no_process() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert processes.birth(child.pid) is None
    child.wait()


def test_a_failed_command_shows_the_end_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "build.log"
    command = (sys.executable, "-c", "print('\\n'.join(map(str, range(100)))); raise SystemExit(3)")
    with pytest.raises(StepFailedError) as failed:
        processes.run("build", command, environment={}, log=log, directory=tmp_path)
    assert failed.value.step == "build"
    assert failed.value.log == log
    assert failed.value.tail == tuple(map(str, range(85, 100)))
    assert f"see {log}" in str(failed.value)
