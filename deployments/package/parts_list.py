"""The parts of a package as CycloneDX 1.6 (JSON): the model, our service, and each package of others with its licence.

Nothing of it depends on the clock, so that the same package has the same list. Change this module with the
specification.
"""

import json
import uuid
from collections.abc import Sequence
from importlib import metadata
from typing import Any

from configs.environment import CHECKOUT
from deployments.package.pins import Pin
from tasks.scoring.live import Live

_SPECIFICATION = "1.6"


def document(live: Live, pins: Sequence[Pin]) -> bytes:
    """The list.

    Args:
        live: The version.
        pins: All packages of others.
    """
    root, model = f"incumbent-{live.pipeline}@v{live.version}", f"model-{live.model.bundle}"
    service = {
        "type": "application",
        "bom-ref": root,
        "name": f"incumbent-{live.pipeline}",
        "version": str(live.version),
        "description": live.title,
    }
    fitted = {
        "type": "machine-learning-model",
        "bom-ref": model,
        "name": live.pipeline,
        "version": str(live.version),
        "hashes": [{"alg": "SHA-256", "content": live.model.bundle}],
        "properties": [
            {"name": "incumbent:family", "value": live.model.family},
            {"name": "incumbent:snapshot", "value": live.snapshot_id},
        ],
    }
    imported = {name for pin in pins for name in pin.needs}
    direct = [_url(pin) for pin in pins if pin.name not in imported]
    depends = [{"ref": root, "dependsOn": [model, *direct]}, {"ref": model}]
    urls = {pin.name: _url(pin) for pin in pins}
    depends += [{"ref": _url(pin), "dependsOn": [urls[name] for name in pin.needs]} for pin in pins]
    content = {
        "$schema": f"http://cyclonedx.org/schema/bom-{_SPECIFICATION}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": _SPECIFICATION,
        "version": 1,
        "metadata": {"component": service, "tools": {"components": [_tool()]}},
        "components": [fitted, *map(_component, pins)],
        "dependencies": depends,
    }
    number = uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(content, sort_keys=True))
    return json.dumps({**content, "serialNumber": f"urn:uuid:{number}"}, indent=1, ensure_ascii=False).encode() + b"\n"


def _tool() -> dict[str, Any]:
    project = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    version = next(line.split('"')[1] for line in project.splitlines() if line.startswith("version = "))
    return {"type": "application", "name": "incumbent", "version": version}


def _component(pin: Pin) -> dict[str, Any]:
    about: dict[str, Any] = {
        "type": "library",
        "bom-ref": _url(pin),
        "name": pin.name,
        "version": pin.version,
        "purl": _url(pin),
    }
    if pin.licence:
        is_expression = "License-Expression" in metadata.metadata(pin.name)
        about["licenses"] = [{"expression": pin.licence} if is_expression else {"license": {"name": pin.licence}}]
    return about


def _url(pin: Pin) -> str:
    return f"pkg:pypi/{pin.name}@{pin.version}"
