"""Find out whether a port is free, and who has it if not."""

import shutil
import socket
import subprocess

from nightlatch.entrypoints.local.errors import PortTakenError


def require_free(port: int, *, option: str) -> None:
    """Raise PortTakenError unless somebody may listen on a loopback port; `option` names the flag that moves it."""
    with socket.socket() as probe:
        # As servers do: a port whose last connections are still fading away is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise PortTakenError(port, option=option, owner=_owner(port)) from error


def _owner(port: int) -> str | None:
    lsof = shutil.which("lsof")
    if not lsof:
        return None
    command = [lsof, "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=5).stdout  # noqa: S603
    fields = {line[0]: line[1:] for line in answer.splitlines() if line}
    return f"{fields['c']} (process {fields['p']})" if {"c", "p"} <= fields.keys() else None
