"""Cut botocore's data down to the services that the functions call: every client reads or lists all that is there.

python3 trim_botocore.py <botocore/data> <service> [<service> ...]
"""

import json
import shutil
import sys
from pathlib import Path


def trim(data: Path, services: frozenset[str]) -> None:
    """Remove the models and the endpoints of all other services."""
    missing = [service for service in sorted(services) if not (data / service).is_dir()]
    if missing:
        raise SystemExit(f"botocore knows no service {', '.join(missing)}")
    for folder in data.iterdir():
        if folder.is_dir() and folder.name not in services:
            shutil.rmtree(folder)
    endpoints = data / "endpoints.json"
    described = json.loads(endpoints.read_text())
    for partition in described["partitions"]:
        partition["services"] = {name: at for name, at in partition["services"].items() if name in services}
    endpoints.write_text(json.dumps(described, separators=(",", ":")))


if __name__ == "__main__":
    trim(Path(sys.argv[1]), frozenset(sys.argv[2:]))
