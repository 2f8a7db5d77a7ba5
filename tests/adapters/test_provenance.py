"""Provenance: the commit of this code, and of no other repository in which it happens to lie."""

import hashlib
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from tasks.adapters import provenance


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one commit, in the place of ours."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    monkeypatch.setattr(provenance, "CHECKOUT", folder)
    (folder / "code.py").write_text("pass\n")
    git(folder, "init", "--quiet")
    git(folder, "add", "code.py")
    git(folder, "-c", "user.name=us", "-c", "user.email=us@example.org", "commit", "--quiet", "-m", "first")
    return folder


def git(folder: Path, *arguments: str) -> str:
    ran = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return ran.stdout.strip()


def code_version() -> str:
    return provenance.code_version.__wrapped__()


def test_a_clean_checkout_is_known_by_its_commit(checkout: Path) -> None:
    found = code_version()

    assert len(found) == 12
    assert git(checkout, "rev-parse", "HEAD").startswith(found)


@pytest.mark.parametrize("name", ["code.py", "new.py"])
def test_a_change_that_was_not_committed_is_said(name: str, checkout: Path) -> None:
    (checkout / name).write_text("1 / 0\n")

    assert code_version().endswith("+changes")


def test_outside_of_a_checkout_the_version_is_unknown(checkout: Path) -> None:
    shutil.rmtree(checkout / ".git")

    assert code_version() == "unknown"


def test_the_commit_of_a_repository_around_it_is_not_ours(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (checkout / "unpacked").mkdir()
    monkeypatch.setattr(provenance, "CHECKOUT", checkout / "unpacked")

    assert code_version() == "unknown"


def test_without_git_the_version_is_unknown(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(checkout))

    assert code_version() == "unknown"


def test_a_repository_without_a_commit_has_no_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "init", "--quiet")
    monkeypatch.setattr(provenance, "CHECKOUT", tmp_path)

    assert code_version() == "unknown"


def test_the_lock_file_is_known_by_its_content(checkout: Path) -> None:
    missing = provenance.lock_hash.__wrapped__()
    (checkout / "requirements.lock").write_bytes(b"numpy==2.4\n")

    assert missing == "unknown"
    assert provenance.lock_hash.__wrapped__() == hashlib.sha256(b"numpy==2.4\n").hexdigest()


def test_libraries_are_told_with_their_installed_versions() -> None:
    assert dict(provenance.libraries())["scikit-learn"] == version("scikit-learn")
    assert [name for name, _ in provenance.libraries()] == list(provenance.LIBRARIES)
