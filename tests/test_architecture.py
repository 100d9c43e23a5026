"""The shape of the code: who imports whom, and what the pure packages may not touch."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("selection", "disclosure", "service")
FILES = {name: sorted((ROOT / name).rglob("*.py")) for name in PACKAGES}
PURE = [
    path
    for path in (*FILES["selection"], *FILES["disclosure"])
    if "command" not in path.relative_to(ROOT).parts and path.name != "__main__.py"
]
# Clock, entropy, files, sockets, processes, threads: what makes an answer depend on when or where.
IMPURE = frozenset(
    (
        "time",
        "datetime",
        "zoneinfo",
        "random",
        "secrets",
        "uuid",
        "os",
        "io",
        "pathlib",
        "shutil",
        "tempfile",
        "glob",
        "socket",
        "ssl",
        "asyncio",
        "threading",
        "multiprocessing",
        "concurrent",
        "subprocess",
        "urllib",
        "http",
        "logging",
        "sys",
        "signal",
        "locale",
        "getpass",
        "platform",
        "pickle",
        "ctypes",
        "importlib",
    )
)
OUTSIDE = {"selection": {"msgspec"}, "disclosure": {"msgspec", "cryptography"}}

# Inside `selection`, from what knows nothing to what knows the whole draw. Modules import from layers above.
LAYERS = (
    {"errors", "forms", "canonical", "keys"},
    {"plan", "pool", "quicknet"},
    {"contribution", "quota", "order", "transcript"},
    {"items", "eligibility", "sql", "quota_rules", "teams_alone"},
    {"flow", "stated_reasons"},
    {"residual"},
    {"plan_rules", "teams"},
    {"draw", "loads", "seat_report", "shortage", "skips"},
    {"replacement"},
)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(path: Path) -> set[str]:
    """Every module a file imports, anywhere in it; a relative import is one of its own package."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = path.relative_to(ROOT).parts
            module = ".".join(
                (
                    *(parts[: len(parts) - node.level] if node.level else ()),
                    *([node.module] if node.module else []),
                )
            )
            found.add(module)
            found.update(f"{module}.{alias.name}" for alias in node.names)
    return found


def roots(path: Path) -> set[str]:
    return {module.split(".")[0] for module in imports(path)}


def test_there_is_something_to_look_at():
    assert all(len(FILES[name]) > 10 for name in PACKAGES)
    assert len(PURE) > 35


@pytest.mark.parametrize("package", PACKAGES)
def test_dependencies_point_one_way(package):
    """service → disclosure → selection, and tests or benchmarks by nobody."""
    above = {*PACKAGES[PACKAGES.index(package) + 1 :], "tests", "benchmarks", "bureau"}
    for path in FILES[package]:
        assert not roots(path) & above, name_of(path)


@pytest.mark.parametrize("package", ["selection", "disclosure"])
def test_pure_packages_need_what_the_base_install_holds(package):
    """Standard library, this project, and the two declared dependencies."""
    known = set(sys.stdlib_module_names) | set(PACKAGES) | OUTSIDE[package]
    for path in FILES[package]:
        # An auditor may do without it: then time stamps are not checked.
        optional = {"rfc3161_client"} if name_of(path) == "disclosure/command/timestamp.py" else set()
        assert roots(path) <= known | optional, f"{name_of(path)} imports {roots(path) - known}"


@pytest.mark.parametrize("path", PURE, ids=name_of)
def test_pure_module_touches_no_clock_entropy_file_or_network(path):
    assert not roots(path) & IMPURE, roots(path) & IMPURE
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        place = f"line {getattr(node, 'lineno', 0)}"
        assert not isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith), place
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {
                "open",
                "print",
                "input",
                "eval",
                "exec",
                "hash",
                "__import__",
                "breakpoint",
            }, place


def test_selection_hashes_in_one_module():
    """Whoever checks the hashes of a draw reads `keys.py` and nothing else."""
    users = [path.name for path in FILES["selection"] if "hashlib" in roots(path)]
    assert users == ["keys.py"]


def test_selection_signs_nothing():
    assert not [path for path in FILES["selection"] if {"cryptography", "hmac"} & roots(path)]


def test_selection_is_layered():
    layer_of = {module: number for number, layer in enumerate(LAYERS) for module in layer}
    modules = {path.stem: path for path in FILES["selection"] if path.stem != "__init__"}
    assert layer_of.keys() == modules.keys()
    for module, path in modules.items():
        needed = {name.split(".")[1] for name in imports(path) if name.startswith("selection.")}
        assert not {name for name in needed if layer_of[name] >= layer_of[module]}, module


@pytest.mark.parametrize("path", [path for name in PACKAGES for path in FILES[name]], ids=name_of)
def test_file_is_short_enough_to_read_in_one_sitting(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
