"""A wheel, installed away from the checkout, is the whole program: code, themes, knowledge, migrations."""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from opsterm import __version__
from tests.house.source import CHECKOUT


def run(*argv: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """Run a program and return what it printed; fail with all it said."""
    done = subprocess.run(
        [str(word) for word in argv], cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=150
    )
    assert done.returncode == 0, f"{argv}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built from a copy so that nothing of the checkout is touched."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(CHECKOUT / name, folder / name)
    for name in ("opsterm", "themes", "knowledge_seed"):
        shutil.copytree(CHECKOUT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", cwd=folder)
    return next((folder / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel; the libraries are those of this one, so that nothing is fetched."""
    folder = tmp_path_factory.mktemp("installed")
    environment = folder / "venv"
    venv.create(environment, with_pip=False, symlinks=True)
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        environment / "bin" / "python",
        "install",
        "--quiet",
    ]
    run(*pip, "--no-deps", "--no-index", "--no-compile", wheel, cwd=folder)
    packages = next((environment / "lib").glob("python*")) / "site-packages"
    borrowed = [folder for folder in site.getsitepackages() if Path(folder).is_dir()]
    (packages / "zz_libraries.pth").write_text("\n".join(borrowed) + "\n", encoding="utf-8")
    return environment


def outside(folder: Path) -> dict[str, str]:
    """Variables of somebody who has never seen the checkout."""
    return {"PATH": os.defpath, "HOME": str(folder), "LANG": "C.UTF-8", "TERM": "xterm-256color"}


def test_the_wheel_carries_what_the_program_reads(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    for folder in ("themes", "knowledge_seed"):
        for file in (CHECKOUT / folder).rglob("*.*"):
            assert f"opsterm/_data/{file.relative_to(CHECKOUT).as_posix()}" in packed
    kept = {file.relative_to(CHECKOUT).as_posix() for file in (CHECKOUT / "opsterm").rglob("*") if file.is_file()}
    assert {name for name in kept if "__pycache__" not in name} <= packed
    assert any(name.endswith("licenses/LICENSE") for name in packed)
    assert not [name for name in packed if name.startswith(("tests/", "docs/"))]


def test_it_starts_away_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    program = installed / "bin" / "opsterm"
    env = outside(tmp_path)
    assert run(program, "--version", cwd=tmp_path, env=env) == f"opsterm {__version__}\n"
    where = run(program, "where", cwd=tmp_path, env=env)
    assert str(CHECKOUT) not in where
    shipped = Path(next(line for line in where.splitlines() if line.startswith("shipped")).split(maxsplit=1)[1])
    assert shipped.is_relative_to(installed)
    for folder in ("themes", "knowledge_seed"):
        assert {f.name for f in (shipped / folder).iterdir()} == {f.name for f in (CHECKOUT / folder).iterdir()}


def test_it_works_away_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    program = installed / "bin" / "opsterm"
    env = outside(tmp_path)
    assert "localhost" in run(program, "targets", "list", cwd=tmp_path, env=env)
    assert run(program, "propose", "--on", "localhost", "--", "true", cwd=tmp_path, env=env).startswith("c1")
    assert (tmp_path / ".local/share/opsterm/opsterm.db").exists()
    assert run(program, "keys", cwd=tmp_path, env=env) == run(
        sys.executable, "-m", "opsterm", "keys", cwd=CHECKOUT, env={**env, "OPSTERM_HOME": str(tmp_path / "other")}
    )
