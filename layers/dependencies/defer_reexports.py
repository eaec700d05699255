"""Let a package find the names that it only passes on when they are first asked for (PEP 562).

A package whose `__init__` imports all its modules makes everybody who wants one name wait for all of them. The names
stay the same and where they were. An `__init__` that does more than pass names on is refused: what it does would be
done at another time, or never.

python3 defer_reexports.py <folder of a package> [<folder of a package> ...]
"""

import ast
import sys
from pathlib import Path

BY_NAME = '''
def __getattr__(name):
    """Import the module that has a name, and keep what the name stands for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_HOMES[name], __name__), name)
    return found
'''


def defer(package: Path) -> None:
    """Rewrite the `__init__` of a package: its docstring, its `__all__`, and where each name is."""
    init = package / "__init__.py"
    statements = ast.parse(init.read_text()).body
    kept = [statement for statement in statements if _is_docstring(statement) or _is_list_of_names(statement)]
    passed_on = [statement for statement in statements if isinstance(statement, ast.ImportFrom)]
    for statement in statements:
        if statement not in kept and not (statement in passed_on and _keeps_its_names(statement)):
            raise SystemExit(f"{init}, line {statement.lineno}: this does more than pass names on")
    init.write_text(_written([ast.unparse(statement) for statement in kept], _homes(passed_on)))


def _written(kept: list[str], homes: dict[str, str]) -> str:
    """Write an `__init__` that imports a name at once only if it is also its module's.

    Whoever imports that module makes it the package's attribute, and the name would not be looked for again.
    """
    at_once = [f"from {module} import {name}" for name, module in homes.items() if module.split(".")[-1] == name]
    table = f"_HOMES = {homes!r}"
    return "\n".join([*kept, "from importlib import import_module", *at_once, table, BY_NAME])


def _homes(passed_on: list[ast.ImportFrom]) -> dict[str, str]:
    """Say which module has each name, as the import says it."""
    return {
        alias.name: "." * statement.level + str(statement.module)
        for statement in passed_on
        for alias in statement.names
    }


def _keeps_its_names(statement: ast.ImportFrom) -> bool:
    """Say whether names of a module come in, by their own name."""
    renamed_or_all = [alias for alias in statement.names if alias.asname or alias.name == "*"]
    return statement.module not in {None, "__future__"} and not renamed_or_all


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _is_list_of_names(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Assign)
        and ast.unparse(statement.targets[0]) == "__all__"
        and isinstance(statement.value, ast.List)
        and all(isinstance(name, ast.Constant) for name in statement.value.elts)
    )


if __name__ == "__main__":
    for folder in sys.argv[1:]:
        defer(Path(folder))
