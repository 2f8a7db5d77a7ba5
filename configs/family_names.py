"""Built-in families of models by the kind of problem that they are for."""

from configs import plugs
from configs.problems import Kind


def of(problem: Kind) -> tuple[str, ...]:
    """The names of those that are for a kind of problem."""
    return tuple(sorted(name for name, path in plugs.ESTIMATORS.items() if plugs.built_in(path).is_for(problem)))
