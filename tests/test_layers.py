"""The architecture: a system imports only itself and core, and core only itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "tinytrail"
PARTS = ("core", "web", "product", "installs", "presence")
MODULES = [path for part in PARTS for path in sorted((ROOT / part).rglob("*.py"))]
UNBOUND = {"__version__"}  # what any may name of the package itself


def parts_imported(source: str) -> Iterator[str]:
    """The parts of tinytrail that a module names, by any spelling of import."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ImportFrom(level=level) if level > 0:
                yield "relative import"
            case ast.ImportFrom(module="tinytrail", names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module)) if module.startswith("tinytrail."):
                yield module.split(".")[1]
            case ast.Import(names=names):
                yield from (
                    alias.name.split(".")[1] for alias in names if alias.name.startswith("tinytrail.")
                )


def test_there_are_modules_in_each_part() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in MODULES} == set(PARTS)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_its_own_part_and_core(path: Path) -> None:
    own = path.relative_to(ROOT).parts[0]
    assert set(parts_imported(path.read_text())) <= {own, "core"} | UNBOUND


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("from tinytrail import web", "web"),
        ("from tinytrail.web.salts import DailySalt", "web"),
        ("import tinytrail.web.salts as salts", "web"),
        ("def late():\n    from tinytrail.web import salts", "web"),
        ("from ..web import salts", "relative import"),
    ],
)
def test_it_sees_every_spelling_of_an_import(source: str, part: str) -> None:
    assert list(parts_imported(source)) == [part]
