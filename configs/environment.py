"""WHERE things run: the only reader (and writer) of the environment.

Add a variable here when it says where something is or how a process behaves. What a pipeline does is a setting of its
YAML file. Nothing else in the project may touch `os.environ`.
"""

import gc
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from configs import addresses, proxies
from configs.errors import InvalidSettings, UnusableHome

CHECKOUT = Path(__file__).resolve().parent.parent
DEFAULT_PIPELINE = "flights"
"""The example; what a command is about when no pipeline is named."""

_QUIET = {
    # Telemetry of every library, off.
    "DO_NOT_TRACK": "1",
    "ITERATIVE_DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # Spinning OpenMP threads made fits on busy cores four times slower.
    "OMP_WAIT_POLICY": "PASSIVE",
    # Files in, files out: nothing is announced on the terminal but by us.
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "GIT_PYTHON_REFRESH": "quiet",
    "MPLBACKEND": "Agg",
    # Arrow's own allocator keeps what was freed; three processes share the memory of a laptop.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    # For the children; each thread of a process would get memory of its own, and keep it.
    "MALLOC_ARENA_MAX": "2",
}


_SECRET = re.compile(r"PASSW|SECRET|TOKEN|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|AUTH_STRING", re.IGNORECASE)
"""Names of variables whose values are secret."""
_ADDRESS = re.compile(r"_(FILE|PATH|DIR|URL|HOST|NAME)$", re.IGNORECASE)
"""Names of variables that only say where a secret is."""
_SHORTEST = 8
"""A shorter value would be found in many an innocent text."""
_SHORTEST_MASKED = 4
"""In what is printed and logged a word too few is better than a password."""
_LOGIN = re.compile(r"_AUTH_STRING$", re.IGNORECASE)
_taken: set[str] = set()
"""Names of variables that a pipeline file has used for a password."""
_OTHERS = 0o077
"""What is taken from every file that is made: rows, models and logs are nobody else's business."""
_GARBAGE = 10_000, 10, 10
"""New objects after which garbage is looked for; with Python's own 700 it is a tenth of the time of an import."""


class Environment(BaseSettings):
    """What the environment says. Empty variables count as not set."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, extra="ignore")

    home: Path = Field(default=CHECKOUT / "var", validation_alias="INCUMBENT_HOME")
    """Folder of everything local: store, ledger, MLflow, Prefect, landing folders, reports."""
    pipelines: Path = Field(default=CHECKOUT / "configs" / "pipelines", validation_alias="INCUMBENT_PIPELINES")
    """Folder of the pipeline files."""
    data: Path = Field(default_factory=lambda known: known["home"] / "data", validation_alias="INCUMBENT_DATA")
    """Folder of data sets of others; where a pipeline names one file as its source, a relative path starts here."""
    ledger_url: str | None = Field(default=None, validation_alias="INCUMBENT_LEDGER_URL")
    """Database of the ledger; by default SQLite in the home."""
    prefect_api_url: str | None = Field(default=None, validation_alias="PREFECT_API_URL")
    """A running Prefect server; without it a local one is started for the run."""
    alert_block: str = Field(default="custom-webhook/incumbent-alerts", validation_alias="INCUMBENT_ALERT_BLOCK")
    """Notification block of Prefect through which alerts are sent, as type/name."""
    failpoint: str | None = Field(default=None, validation_alias="INCUMBENT_FAILPOINT")
    """Name of the step boundary at which this process kills itself; for tests of recovery."""
    failpoint_log: Path | None = Field(default=None, validation_alias="INCUMBENT_FAILPOINT_LOG")
    """File to which every step boundary is written that a process comes by; for tests of recovery."""


class Seen(BaseSettings):
    """How browsers see the servers of one `make up`; only those servers read it."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, extra="ignore")

    name: str = Field(default="", validation_alias="INCUMBENT_UP_NAME")
    """The host name by which they ask; others must not know it, so it stands in no command line."""
    pointed_to: str = Field(default="", validation_alias="INCUMBENT_UP_OTHERS")

    @property
    def others(self) -> list[str]:
        """Addresses of the other servers, to which pages point."""
        return self.pointed_to.split()


def seen() -> Seen:
    """What the parent has said about this server."""
    return Seen()


def as_seen(name: str, others: Iterable[str] = ()) -> dict[str, str]:
    """The variables by which a server learns how browsers see it."""
    return {"INCUMBENT_UP_NAME": name, "INCUMBENT_UP_OTHERS": " ".join(others)}


def read() -> Environment:
    """The environment as it is now; a relative folder is relative to the working directory.

    Raises:
        UnusableHome: The home is something else than a folder, or a folder cannot be one.
    """
    environment = Environment()
    named = {"home": "INCUMBENT_HOME", "pipelines": "INCUMBENT_PIPELINES", "data": "INCUMBENT_DATA"}
    folders = {field: _folder(variable, getattr(environment, field)) for field, variable in named.items()}
    return environment.model_copy(update=folders)


def _folder(variable: str, named: Path) -> Path:
    """The folder that a variable names, which need not be there."""
    try:
        path = named.expanduser().absolute()
    except RuntimeError as err:
        raise UnusableHome(f"{variable} is {named}, but there is no such user. Name a folder.") from err
    try:
        is_other = path.exists() and not path.is_dir()
    except OSError as err:
        raise UnusableHome(f"{variable} cannot be a folder: {err.strerror} ({str(path)[:60]}…).") from err
    if is_other:
        raise UnusableHome(f"{variable} is {path}, which is not a folder. Name one that is, or one to be made.")
    return path


def data_folder() -> Path:
    """The folder of data sets of others; the one in the home is made, so that there is a place to put them."""
    found = read()
    if found.data == found.home / "data":
        with suppress(OSError):
            found.data.mkdir(parents=True, exist_ok=True)
    return found.data


def secrets(shortest: int = _SHORTEST - 2) -> dict[str, str]:
    """What the environment holds that nobody may read anywhere else: each value by what it is.

    Args:
        shortest: Shorter values are left out.
    """
    held: dict[str, str] = {}
    for name, value in os.environ.items():
        inside = addresses.secrets(value)
        held |= {f"{what} {name}": secret for what, secret in inside.items()}
        if not inside and (name in _taken or (_SECRET.search(name) and not _ADDRESS.search(name))):
            if name in _taken or len(value) >= min(_SHORTEST, shortest + 2):
                held[f"the value of {name}"] = value
            if _LOGIN.search(name) and ":" in value:
                held[f"the password in {name}"] = value.partition(":")[2]
    return {what: value for what, value in held.items() if len(value) >= shortest}


def filled(text: str, *, secret: bool = True) -> str:
    """A text with the values of the variables that it names as ${NAME}.

    Args:
        text: It.
        secret: Whether what is put in is shown nowhere from now on.

    Raises:
        InvalidSettings: One of them is not set.
    """

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if not os.environ.get(name):
            raise InvalidSettings(f"The environment has no {name}, which ingestion.source.address names. Set it.")
        if secret:
            _taken.add(name)
        return os.environ[name]

    whole = addresses.VARIABLE.sub(value, text)
    if _taken:
        from configs import hiding

        hiding.hide(secrets(_SHORTEST_MASKED).values())
    return whole


def worker() -> str | None:
    """Name of the worker of Prefect that started this process; None if none did."""
    return os.environ.get("PREFECT__WORKER_NAME") or None


def masked(text: str) -> str:
    """A text of a library, which may repeat an address or a password, as it may be shown to anybody."""
    return addresses.masked(text, secrets(_SHORTEST_MASKED).values())


def without_secrets(text: str) -> str:
    """A text of ours as it may be shown to anybody: addresses in it stay, which were shown without their secrets."""
    return addresses.without(text, secrets(_SHORTEST_MASKED).values())


def settle() -> None:
    """Give third parties their switches, unless the user set them; to be called before they are imported.

    What this process and its children make from now on is for its user alone, whatever makes it.
    """
    os.umask(_OTHERS)
    gc.set_threshold(*_GARBAGE)
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    if os.environ.get("PREFECT_API_URL") == "":
        # For Prefect an empty address is not the same as none: it would fail at every event.
        del os.environ["PREFECT_API_URL"]
    proxies.settle(os.environ)
    _take_login_out_of_address()
    if hidden := secrets(_SHORTEST_MASKED):
        from configs import hiding

        hiding.hide(hidden.values())


def _take_login_out_of_address() -> None:
    """Let nobody see `user:password@` in the address of Prefect: libraries repeat addresses in errors and logs."""
    address, login = addresses.parted(os.environ.get("PREFECT_API_URL", ""))
    if login is None:
        return
    os.environ["PREFECT_API_URL"] = address
    if not os.environ.get("PREFECT_API_KEY"):
        os.environ.setdefault("PREFECT_API_AUTH_STRING", login)


def proxy_in_the_way(url: str | None = None) -> str | None:
    """Why a server cannot be asked through the proxy that is named, None if it can; without `url`, any elsewhere."""
    return proxies.why_not(os.environ, url)


def server_auth() -> str | None:
    """What the user wants Prefect's server of `make up` to ask for, as user:password."""
    return os.environ.get("PREFECT_SERVER_API_AUTH_STRING") or None


def client_auth() -> str | None:
    """What this process gives to the Prefect server that it asks."""
    return os.environ.get("PREFECT_API_AUTH_STRING") or None


def give_auth(auth: str) -> None:
    """Give this to the Prefect server that this process asks; to be called before Prefect is imported."""
    os.environ["PREFECT_API_AUTH_STRING"] = auth


def work_in(home: Path, pipelines: Path) -> None:
    """Let this process and its children work on a home, with the pipelines of a folder."""
    os.environ |= {"INCUMBENT_HOME": str(home), "INCUMBENT_PIPELINES": str(pipelines)}


def keep_prefect_in(folder: Path) -> None:
    """Let Prefect keep its files here unless the user said where; to be called before it is imported."""
    os.environ.setdefault("PREFECT_HOME", str(folder))


def for_child(home: Path) -> dict[str, str]:
    """The environment of a child process that works on the same home."""
    return {**os.environ, "INCUMBENT_HOME": str(home)}
