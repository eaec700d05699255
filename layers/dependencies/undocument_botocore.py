"""Take out of botocore what writes its clients' docstrings: every function would import it, and only help() reads them.

python3 undocument_botocore.py <folder of botocore>
"""

import ast
import shutil
import sys
from pathlib import Path

KEPT = "utils.py"
"""Changes parameters, not only what is said of them."""

DOCSTRINGS = ("ClientMethodDocstring", "PaginatorDocstring", "WaiterDocstring")
"""What clients, paginators and waiters ask for."""

WITHOUT = f'''"""What writes docstrings was left out of this layer."""


def _no_docstring(**_):
    return None


{" = ".join(DOCSTRINGS)} = _no_docstring
'''


def undocument(docs: Path) -> None:
    """Leave of `botocore.docs` the names that are asked for; refuse a botocore that asks for others."""
    classes = {
        node.name for node in ast.parse((docs / "docstring.py").read_text()).body if isinstance(node, ast.ClassDef)
    }
    if classes != {"LazyLoadedDocstring", *DOCSTRINGS}:
        raise SystemExit(f"botocore has other docstrings than before: {', '.join(sorted(classes))}")
    for path in docs.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != KEPT:
            path.unlink()
    (docs / "__init__.py").write_text("")
    (docs / "docstring.py").write_text(WITHOUT)


if __name__ == "__main__":
    undocument(Path(sys.argv[1], "docs"))
