"""Provenance: the commit of this code, and of no other repository in which it happens to lie."""

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
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


# ── what lies between two versions ────────────────────────────────────────────────────────────────────────────────
def commit(checkout: Path, name: str, text: str, message: str) -> str:
    (checkout / name).write_text(text)
    git(checkout, "add", name)
    git(checkout, "-c", "user.name=us", "-c", "user.email=us@example.org", "commit", "--quiet", "-m", message)
    return git(checkout, "rev-parse", "--short=12", "HEAD")


@pytest.fixture
def versions(checkout: Path) -> Iterator[tuple[str, str]]:
    """Two versions of the checkout, between which code and lock file changed."""
    first = commit(checkout, "requirements.lock", "numpy==2.4\n", "lock")
    commit(checkout, "code.py", "1\n", "one")
    last = commit(checkout, "requirements.lock", "numpy==2.5\n", "newer")
    for known in (provenance.code_version, provenance.lock_hash):
        known.cache_clear()
    yield first, last
    for known in (provenance.code_version, provenance.lock_hash):
        known.cache_clear()


def test_commits_between_are_told_from_the_latest_on(versions: tuple[str, str]) -> None:
    first, last = versions

    since = provenance.commits(first, f"{last}+changes")

    assert since is not None
    assert [line.partition(" ")[2] for line in since] == ["newer", "one"]
    assert provenance.commits(last, first) == ()


def test_what_a_file_differs_in_is_a_diff(versions: tuple[str, str], checkout: Path) -> None:
    first, last = versions

    assert provenance.changes(first, last, checkout / "code.py")[-2:] == ("-pass", "+1")
    assert provenance.changes(first, last, Path("/etc/passwd")) == ()


def test_the_lock_file_of_then_is_had_from_its_commit(versions: tuple[str, str]) -> None:
    first, last = versions
    texts = {code: f"numpy==2.{number}\n" for code, number in ((first, 4), (last, 5))}

    for code, text in texts.items():
        assert provenance.lock(code, hashlib.sha256(text.encode()).hexdigest()) == text
    assert provenance.lock(first, hashlib.sha256(b"another").hexdigest()) is None


@pytest.mark.parametrize("code", ["unknown", "", "--output=stolen", "HEAD", "0123456789ab", "deadbeef;ls"])
def test_what_is_no_commit_of_this_checkout_is_not_asked_about(
    code: str, versions: tuple[str, str], checkout: Path
) -> None:
    first, _ = versions

    assert provenance.commits(first, code) is None
    assert provenance.commits(code, first) is None
    assert provenance.changes(first, code, checkout / "code.py") == ()
    assert provenance.lock(code, "else") is None
    assert not (checkout / "stolen").exists()
