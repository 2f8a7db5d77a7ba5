"""A Prefect server's deployments and automations, read in bulk and written one by one.

Add a call here when `apply` needs one. What should be there is said by `plan`, what is done about it by `apply`.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from deployments.plan import TAG

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

Found = dict[str, Any]

_PAGE = 200


class Remote:
    """What a server has of ours, and the ways to change it."""

    def __init__(self, client: "SyncPrefectClient") -> None:
        """Args:
        client: An open client.
        """
        self._client = client

    def deployments(self) -> dict[str, Found]:
        """All deployments with our tag, by `flow/name`."""
        found = self._all("/deployments/filter", {"deployments": {"tags": {"all_": [TAG]}}})
        flows = {flow["id"]: flow["name"] for flow in self._all("/flows/filter", {})}
        return {f"{flows[one['flow_id']]}/{one['name']}": one for one in found}

    def automations(self, names: Iterable[str]) -> list[Found]:
        """All automations with our tag, or with one of our names: `prefect deploy` gives them no tags."""
        ours = {"operator": "or_", "tags": {"all_": [TAG]}, "name": {"any_": sorted(names)}}
        return self._all("/automations/filter", {"automations": ours})

    def pools(self) -> dict[str, Found]:
        """The templates of all work pools for processes, by name."""
        found = self._all("/work_pools/filter", {})
        return {one["name"]: one["base_job_template"] for one in found if one["type"] == "process"}

    def create_pool(self, name: str, template: Found) -> None:
        """Make a work pool; somebody else may just have done it."""
        from prefect.client.schemas.actions import WorkPoolCreate
        from prefect.exceptions import ObjectAlreadyExists

        about = "Runs of Incumbent, each a process in its checkout. Start any number of workers."
        pool = WorkPoolCreate(name=name, type="process", description=about, base_job_template=template)
        with suppress(ObjectAlreadyExists):
            self._client.create_work_pool(pool)

    def update_pool(self, name: str, template: Found) -> None:
        """Let the workers of a pool start another process."""
        body = {"base_job_template": template}
        self._client.request("PATCH", "/work_pools/{name}", path_params={"name": name}, json=body)

    def ensure_flow(self, name: str) -> str:
        """The id of a flow, which is made if it is not known yet."""
        return str(self._client.create_flow_from_name(name))

    def create_deployment(self, body: Mapping[str, Any]) -> str:
        """Make a deployment; returns its id."""
        answer = self._client.request("POST", "/deployments/", json=dict(body))
        return str(answer.json()["id"])

    def update_deployment(self, there: Found, body: Mapping[str, Any]) -> None:
        """Change a deployment; a schedule that somebody switched off stays off."""
        off = {one.get("slug") for one in there["schedules"] if not one["active"]}
        schedules = [{**one, "active": one["slug"] not in off} for one in body["schedules"]]
        told = {key: value for key, value in body.items() if key not in ("name", "flow_id")}
        self._client.request(
            "PATCH", "/deployments/{id}", path_params={"id": there["id"]}, json={**told, "schedules": schedules}
        )

    def create_automation(self, body: Mapping[str, Any]) -> None:
        """Make an automation."""
        self._client.request("POST", "/automations/", json=dict(body))

    def update_automation(self, there: Found, body: Mapping[str, Any]) -> None:
        """Change an automation; one that somebody switched off stays off."""
        told = {key: value for key, value in body.items() if key != "owner_resource"} | {"enabled": there["enabled"]}
        self._client.request("PUT", "/automations/{id}", path_params={"id": there["id"]}, json=told)

    def delete_deployment(self, there: Found) -> None:
        """Remove a deployment with its schedules; it may be gone already."""
        self._delete("/deployments/{id}", there["id"])

    def delete_automation(self, there: Found) -> None:
        """Remove an automation; it may have gone with its deployment."""
        self._delete("/automations/{id}", there["id"])

    def _delete(self, route: Any, identity: str) -> None:
        from prefect.exceptions import PrefectHTTPStatusError

        try:
            self._client.request("DELETE", route, path_params={"id": identity})
        except PrefectHTTPStatusError as err:
            if err.response.status_code != 404:
                raise

    def _all(self, route: Any, wanted: Mapping[str, Any]) -> list[Found]:
        found: list[Found] = []
        while True:
            page = {**wanted, "limit": _PAGE, "offset": len(found)}
            more = self._client.request("POST", route, json=page).json()
            found += more
            if len(more) < _PAGE:
                return found
