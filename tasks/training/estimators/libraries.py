"""Libraries of boosted trees: how their estimators take categories, what is missing, seeds, threads and constraints.

Add a library here, as one entry of `LIBRARIES`; what a stored model of it may hold is listed in `skops_files`. None of
them is imported here: an estimator is known by the package in which its class stands.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from configs.errors import InvalidSettings
from tasks.training.estimators import base
from tasks.training.estimators.base import Inputs

if TYPE_CHECKING:
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline

    from tasks.problems.base import Problem

_CONSTRAINTS = "monotone_constraints"
_SQUARED = (None, "reg:squarederror", "RMSE")
"""The loss of regressors of which nothing is said."""


@dataclass(frozen=True)
class Library:
    """What is the same for all estimators of one library."""

    encode: "Callable[[Inputs], ColumnTransformer]"
    """Makes of prepared rows what it takes: the categories first, then the numbers."""
    usual: Mapping[str, Any]
    """Parameters, where a user says nothing else; `seed` is that of the settings."""
    threads: str
    """The parameter that says with how many threads it counts."""
    seed: str = "random_state"
    also: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Other words for parameters."""
    of_inputs: Callable[[Inputs], Mapping[str, Any]] = lambda inputs: {}
    """Parameters that follow from the columns."""
    listed: Callable[[Iterable[int]], Any] = list
    """What constraints are held in."""
    fitted_with: Callable[[int], Mapping[str, Any]] = lambda categories: {}
    """What `fit` gets, for so many categories."""
    objective: str = "objective"
    """The parameter that says which loss is learned by."""
    objectives: Mapping[str, Callable[[float | None], Mapping[str, Any]]] = field(default_factory=dict)
    """Parameters by the loss of a kind of problem, as scikit-learn calls it, and the share of a quantile."""

    def fill(self, model: Any, values: Mapping[str, Any], given: Collection[str] = ()) -> None:
        """Set parameters of which nothing is said; `given` are those that are as a user wants them."""
        there = model.get_params()
        open_ones = {
            name: value
            for name, value in values.items()
            if not {name, *self.also.get(name, ())} & {*given}
            and all(there.get(one) in (None, False) for one in (name, *self.also.get(name, ())))
        }
        if open_ones:
            model.set_params(**open_ones)


def of(model: Any) -> Library | None:
    """The library of an estimator, or of what it wraps."""
    return LIBRARIES.get(type(inner(model)).__module__.partition(".")[0])


def inner(model: Any) -> Any:
    """What an estimator of a transformed target wraps; else the estimator itself."""
    return getattr(model, "regressor", model)


def seeded(model: Any, seed: int, given: Collection[str] = ()) -> None:
    """Give an estimator, and all that it is put together of, the seed, where its user has given it none."""
    for one in _parts(model):
        library = LIBRARIES.get(type(one).__module__.partition(".")[0])
        if library is not None:
            library.fill(one, {library.seed: seed, **library.usual}, given)
        elif "random_state" not in given and one.get_params(deep=False).get("random_state", 0) is None:
            one.set_params(random_state=seed)


def losing(model: Any, problem: "Problem", given: Collection[str] = ()) -> None:
    """Let an estimator learn by the loss that it is judged by, unless its user said by which."""
    library = of(model)
    if library is None or problem.fitted_by not in library.objectives or library.objective in given:
        return
    if inner(model).get_params().get(library.objective) in _SQUARED:
        inner(model).set_params(**library.objectives[problem.fitted_by](problem.quantile))


def limited(model: Any, threads: int) -> None:
    """Let an estimator, and all that it is put together of, count with so many threads, unless its user said it."""
    for one in _parts(model):
        library = LIBRARIES.get(type(one).__module__.partition(".")[0])
        if library is not None:
            library.fill(one, {library.threads: threads})


def fit_parameters(pipeline: "Pipeline") -> dict[str, Any]:
    """What the last step of a Pipeline gets with its rows."""
    name, model = pipeline.steps[-1]
    library = of(model)
    if library is None:
        return {}
    parts = {part: columns for part, _, columns in pipeline.named_steps["encode"].transformers}
    return {f"{name}__{key}": value for key, value in library.fitted_with(len(parts.get("categories", ()))).items()}


def weighted(pipeline: "Pipeline", weights: Any) -> dict[str, Any]:
    """The weights of rows, under the name by which the last estimator in a Pipeline gets them.

    Raises:
        InvalidSettings: It takes none.
    """
    from sklearn.pipeline import Pipeline
    from sklearn.utils.validation import has_fit_parameter

    if weights is None:
        return {}
    names, model = list[str](), pipeline
    while isinstance(inner(model), Pipeline):
        name, model = inner(model).steps[-1]
        names.append(name)
    if not has_fit_parameter(inner(model), "sample_weight"):
        raise InvalidSettings(
            f"training.weights: a {type(inner(model)).__name__} takes no weights of rows; leave one of them out."
        )
    return {"__".join([*names, "sample_weight"]): weights}


def _parts(model: Any) -> Iterator[Any]:
    """An estimator and those that are its parameters, of any depth."""
    yield model
    for value in model.get_params(deep=True).values():
        if hasattr(value, "get_params") and not isinstance(value, type):
            yield value


def by_place(model: Any, inputs: Inputs, use: str) -> None:
    """Make constraints by the name of a column constraints by its place, as all libraries take them.

    Raises:
        InvalidSettings: There is no such column of numbers, or no such direction.
    """
    library, named = of(model), inner(model).get_params().get(_CONSTRAINTS)
    if library is None or not isinstance(named, Mapping):
        return
    where = f"training.candidates: {_CONSTRAINTS} of {use}"
    for name, direction in named.items():
        if name not in inputs.numbers:
            what = "is a category" if name in inputs.categories else "is not learned from"
            there = ", ".join(inputs.numbers) or "no numbers"
            raise InvalidSettings(f"{where} names {name!r}, which {what}; there are {there}.")
        if direction not in (-1, 0, 1):
            raise InvalidSettings(f"{where} must be 1 (rises), -1 (falls) or 0 for {name!r} (got {direction!r}).")
    placed = library.listed(int(named.get(name, 0)) for name in (*inputs.categories, *inputs.numbers))
    inner(model).set_params(**{_CONSTRAINTS: placed})


def without_chance(model: Any) -> None:
    """Take out of a fitted estimator what is of the moment or of chance, and no part of what it answers."""
    fitted = getattr(model, "regressor_", model)
    if type(fitted).__module__.partition(".")[0] == "catboost" and fitted.is_fitted():
        about = fitted.get_metadata()
        about["train_finish_time"] = about["model_guid"] = ""


def _pooled(inputs: Inputs) -> "ColumnTransformer":
    """Codes from 0 on, what is unknown or missing is NaN: XGBoost raises for a category below 0."""
    from sklearn.compose import ColumnTransformer

    parts: list[tuple[str, Any, list[str]]] = []
    parts += [("categories", base.pooled_codes(inputs), inputs.categories)] if inputs.categories else []
    parts += [("numbers", "passthrough", inputs.numbers)] if inputs.numbers else []
    return ColumnTransformer(parts)


def _whole(inputs: Inputs) -> "ColumnTransformer":
    """The same in a frame, with whole numbers for categories: CatBoost takes no others."""
    import numpy as np
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline

    codes = base.codes(inputs).set_params(dtype=np.int64, encoded_missing_value=-2)
    parts: list[tuple[str, Any, list[str]]] = []
    parts += [("categories", Pipeline([("codes", codes)]), inputs.categories)] if inputs.categories else []
    parts += [("numbers", "passthrough", inputs.numbers)] if inputs.numbers else []
    return ColumnTransformer(parts, verbose_feature_names_out=False).set_output(transform="pandas")


LIBRARIES = {
    "lightgbm": Library(
        encode=_pooled,
        usual={"verbosity": -1, "deterministic": True, "force_row_wise": True},
        threads="n_jobs",
        also={
            "random_state": ("seed", "random_seed"),
            "verbosity": ("verbose",),
            "n_jobs": ("num_threads", "nthread", "nthreads"),
            "force_row_wise": ("force_col_wise",),
        },
        fitted_with=lambda categories: {"categorical_feature": list(range(categories))} if categories else {},
        objectives={
            "absolute_error": lambda _: {"objective": "regression_l1"},
            "poisson": lambda _: {"objective": "poisson"},
            "quantile": lambda share: {"objective": "quantile", "alpha": share},
        },
    ),
    "xgboost": Library(
        encode=_pooled,
        usual={},
        threads="n_jobs",
        also={"random_state": ("seed",), "n_jobs": ("nthread",)},
        listed=tuple,
        of_inputs=lambda inputs: {
            "enable_categorical": True,
            "feature_types": ["c"] * len(inputs.categories) + ["q"] * len(inputs.numbers),
        },
        objectives={
            "absolute_error": lambda _: {"objective": "reg:absoluteerror"},
            "poisson": lambda _: {"objective": "count:poisson"},
            "quantile": lambda share: {"objective": "reg:quantileerror", "quantile_alpha": share},
        },
    ),
    "catboost": Library(
        encode=_whole,
        usual={"verbose": False, "allow_writing_files": False},
        threads="thread_count",
        also={
            "random_state": ("random_seed",),
            "verbose": ("silent", "logging_level", "verbose_eval"),
        },
        listed=lambda places: f"({','.join(map(str, places))})",  # a list keeps scikit-learn from cloning it
        fitted_with=lambda categories: {"cat_features": list(range(categories))} if categories else {},
        objective="loss_function",
        objectives={
            "absolute_error": lambda _: {"loss_function": "MAE"},
            "poisson": lambda _: {"loss_function": "Poisson"},
            "quantile": lambda share: {"loss_function": f"Quantile:alpha={share}"},
        },
    ),
}
"""By the package in which their estimators stand."""
