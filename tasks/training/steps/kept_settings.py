"""The settings with which a model was fitted, as the ledger has kept them."""

import json

from pydantic import ValidationError

from configs import loader
from configs.errors import Damaged
from configs.settings import PipelineSettings
from tasks.adapters.home import Home
from tasks.domain.records import Model


def of(home: Home, pipeline: str, model: Model) -> PipelineSettings | None:
    """The settings with which a model was fitted: as they were kept, else those of now if they are the same.

    Raises:
        Damaged: They were kept, and are no settings of this version any more.
    """
    now = home.settings(pipeline)
    if loader.settings_hash(now) == model.settings_hash:
        return now
    kept = home.ledger.models.settings(pipeline, model.settings_hash)
    if kept is None:
        return None
    try:
        return PipelineSettings.model_validate_json(json.dumps(kept))
    except ValidationError as err:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in err.errors()[:3])
        raise Damaged(
            f"The settings {model.settings_hash[:12]} are none of this version: {wrong}. Use the code of "
            f"{model.code_version}."
        ) from err


def readable(home: Home, pipeline: str, model: Model) -> PipelineSettings | None:
    """The same; None as well if they are none of this version any more."""
    try:
        return of(home, pipeline, model)
    except Damaged:
        return None
