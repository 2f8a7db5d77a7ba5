"""`python -m deployments.apply` (`make deploy`): what is in configs/ is put to work on a Prefect server.

It may be run any number of times: everything is read in bulk, compared by the hash of its definition, and only what
differs is written. What is of this home and no longer in configs/ is removed. What somebody switched off stays off.
"""

import argparse
import sys
from collections.abc import Collection, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from configs import addresses, environment, inventory
from configs.errors import IncumbentError, UnknownPipeline, Unreachable
from configs.inventory import Inventory
from deployments import plan
from deployments.plan import Automation, Deployment, Place
from deployments.remote import Found, Remote
from flows.console import program
from flows.console.signals import Stop, leave
from tasks.adapters import files, permissions
from tasks.adapters.prefect import local_api, running_server
from tasks.adapters.web import access

_OWNED = "prefect.deployment."


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is described above; returns the exit code."""
    described = (__doc__ or "").partition(": ")[2]
    parser = argparse.ArgumentParser(
        prog="python -m deployments.apply", description=f"{described[0].upper()}{described[1:]}"
    )
    parser.parse_args(sys.argv[1:] if arguments is None else arguments)
    try:
        environment.settle()
        with Stop() as stop:
            return _deploy()
    except IncumbentError as problem:
        print(environment.without_secrets(str(problem)), file=sys.stderr)
        return problem.exit_code
    print("\nStopped. The same command goes on from there.", file=sys.stderr)
    return stop.code


def apply(
    home: Path, wanted: Sequence[Deployment], *, own_server: bool = False, broken: Collection[str] = ()
) -> Iterator[str]:
    """Bring the server of the current settings to what is wanted; gives a line for each change, once it is made.

    Args:
        home: The home.
        wanted: All that is to be at work for it.
        own_server: The server lives in the home: whatever is there is ours, also where the home was moved or copied.
        broken: Pipelines whose file cannot be used now: what is there of them stays as it is.

    Raises:
        MistakeOfUser: Something of the same name is another home's.
        Unreachable: The server refuses something.
    """
    from prefect.client.orchestration import get_client
    from prefect.exceptions import PrefectHTTPStatusError

    with files.locked(home / "prefect" / ".apply.lock"):
        try:
            with get_client(sync_client=True) as client:
                yield from _reconcile(Remote(client), wanted, plan.here(), broken, alone=own_server)
        except PrefectHTTPStatusError as err:
            said, path = environment.masked(" ".join(err.response.text.split())[:300]), err.request.url.path
            raise Unreachable(f"The Prefect server refused {err.request.method} {path}: {said}") from err


def _deploy() -> int:
    pipelines, place = known(), plan.here()
    plan.plan(pipelines.usable, place)  # a mistake in a file is said before any server is asked
    if closed := permissions.close(place.home):
        print(closed, flush=True)
    named = environment.read().prefect_api_url
    own = running_server.address(place.home)
    url = named or own
    if url is None:
        raise Unreachable(
            "There is no Prefect server to deploy to: PREFECT_API_URL is not set, and `make up` does not run on "
            f"{place.home}. Start one of the two, or a server of yours: prefect server start."
        )
    api = local_api.start(place.home, url, access.auth_of(place.home, named, own))
    api.wait()
    with local_api.connected(api):
        changes, name = 0, plan.POOL if url == own else pool(place)
        wanted = plan.plan(pipelines.usable, place, name)
        for line in apply(place.home, wanted, own_server=url == own, broken=pipelines.broken):
            changes += 1
            print(line, flush=True)
    if not changes:
        print("nothing to change")
    print(_how_to_work(place.home, url, name, by_up=not named), flush=True)
    for problem in pipelines.sentences:
        print(environment.without_secrets(f"\n{problem}"), file=sys.stderr)
    return pipelines.exit_code


def known() -> Inventory:
    """The pipelines to put to work; one whose file is broken stops no other.

    Raises:
        UnknownPipeline: There is none, which is a mistake more likely than a wish: all would be removed.
        IncumbentError: All files are broken; that of the first.
    """
    pipelines = inventory.take()
    if pipelines.usable:
        return pipelines
    for problem in pipelines.broken.values():
        raise problem
    raise UnknownPipeline(
        f"There is no pipeline file in {environment.read().pipelines}. Add one, or set INCUMBENT_PIPELINES."
    )


def pool(place: Place) -> str:
    """Name of the work pool for a home on the server of the current settings."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        remote = Remote(client)
        everything = remote.deployments()
        return plan.pool_for(place, everything, plan.of_others(everything, remote.pools(), place))


def _how_to_work(home: Path, url: str, pool: str, *, by_up: bool) -> str:
    ledger = " INCUMBENT_LEDGER_URL=..." if environment.read().ledger_url else ""
    own = " PREFECT_API_AUTH_STRING=..." if environment.client_auth() else ""
    auth = f" {access.shown(home)}" if by_up else own
    does = "The worker of `make up` does the work. To add one" if by_up else "To start a worker (as many as you like)"
    variables = f"PREFECT_API_URL={addresses.shown(url)}{auth} PREFECT_WORKER_QUERY_SECONDS=1{ledger}"
    return f"\n{does}:\n  {variables} {program.prefect()} worker start --pool {pool}"


def _reconcile(
    remote: Remote, wanted: Sequence[Deployment], place: Place, broken: Collection[str], *, alone: bool
) -> Iterator[str]:
    """Change what differs; unless the home is alone on the server, keep off what works in another place.

    What is there of a broken file is left alone.
    """
    everything, pools = remote.deployments(), remote.pools()
    others = {} if alone else plan.of_others(everything, pools, place)
    plan.keep_off(wanted, others, place)
    others |= {name: "" for name in everything if name.partition("/")[2] in broken}
    there = {name: found for name, found in everything.items() if name not in others}
    yield from _furnish(remote, {str(one.body["work_pool_name"]) for one in wanted}, pools, place)
    names = {automation.name for deployment in wanted for automation in deployment.automations}
    theirs = {everything[name]["id"] for name in others}
    listening = [one for one in remote.automations(names) if not _starts(one) & theirs]
    forms = {deployment.entrypoint: _form(deployment.entrypoint) for deployment in wanted}
    flows = {flow: remote.ensure_flow(flow) for flow in {deployment.flow for deployment in wanted}}
    kept: set[str] = set()
    for deployment in wanted:
        found, form = there.get(deployment.name), forms[deployment.entrypoint]
        version = deployment.version(form)
        body = {
            **deployment.body,
            "flow_id": flows[deployment.flow],
            "parameter_openapi_schema": form,
            "version": version,
        }
        if found is None:
            identity = remote.create_deployment(body)
            yield f"created  {deployment.name}"
        else:
            identity = found["id"]
            if found["version"] != version:
                remote.update_deployment(found, body)
                yield f"updated  {deployment.name}"
        for automation in deployment.automations:
            yield from _listen(remote, automation, identity, listening, kept)
    yield from _remove(remote, {deployment.name for deployment in wanted}, there, listening, kept)


def _furnish(remote: Remote, names: set[str], pools: dict[str, Found], place: Place) -> Iterator[str]:
    """See to the work pool: it alone says what is started for a run."""
    for name in sorted(names):
        if name not in pools:
            remote.create_pool(name, place.pool())
            yield f"created  work pool {name}"
        elif pools[name] != place.pool():
            remote.update_pool(name, place.pool())
            yield f"updated  work pool {name}"


def _listen(
    remote: Remote, automation: Automation, identity: str, listening: Sequence[Found], kept: set[str]
) -> Iterator[str]:
    """See to one automation, and note the id of the one that is its."""
    version = automation.version(identity)
    body = {
        "name": automation.name,
        "description": f"{automation.description} ({version})",
        "tags": list(automation.tags),
        "enabled": True,
        "trigger": automation.trigger,
        "actions": [
            {
                "type": "run-deployment",
                "source": "selected",
                "deployment_id": identity,
                "parameters": automation.parameters,
            }
        ],
        "owner_resource": f"{_OWNED}{identity}",
    }
    found = next((one for one in listening if one["name"] == automation.name), None)
    if found is None:
        remote.create_automation(body)
        yield f"created  automation {automation.name}"
        return
    kept.add(found["id"])
    if not found["description"].endswith(f"({version})"):
        remote.update_automation(found, body)
        yield f"updated  automation {automation.name}{'' if found['enabled'] else ' (stays off)'}"


def _starts(automation: Found) -> set[str]:
    """The ids of the deployments that it starts."""
    return {action["deployment_id"] for action in automation["actions"] if action.get("deployment_id")}


def _remove(
    remote: Remote, names: set[str], there: dict[str, Found], listening: Sequence[Found], kept: set[str]
) -> Iterator[str]:
    for one in listening:
        if one["id"] not in kept:
            remote.delete_automation(one)
            yield f"removed  automation {one['name']}"
    for name in sorted(there.keys() - names):
        remote.delete_deployment(there[name])
        yield f"removed  {name}"


def _form(entrypoint: str) -> dict[str, Any]:
    """The form in the UI: names, types and help of a flow's parameters."""
    from prefect.utilities.callables import parameter_schema

    path, _, name = entrypoint.partition(":")
    module = import_module(path.removesuffix(".py").replace("/", "."))
    return dict(parameter_schema(getattr(module, name)).model_dump())


if __name__ == "__main__":
    leave(main())
