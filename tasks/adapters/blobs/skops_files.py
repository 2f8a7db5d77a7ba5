"""Skops files: the types that one may hold, and how it becomes a Pipeline again. Nothing here reads or writes pickle.

Add here what must be so before the content of a file is loaded, wherever it lies: in a store, or in a package.
"""

import zipfile
from collections.abc import Iterable, Set

import skops.io
from sklearn.pipeline import Pipeline

from configs.errors import BundleRefused
from tasks.adapters.blobs import kept_code

ALLOWED = (
    # A description of an element type. Built from an empty array by numpy.load(allow_pickle=False); holds no code.
    "numpy.dtype",
    # One tree of gradient boosting: three arrays of nodes and bitsets. scikit-learn does not check its indices, so a
    # forged one could crash the process; that the file is the one of the gate is proven by its digest beforehand.
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    # Gradient boosting keeps partial(check_array, ...) to check its numbers. A partial only names a function and its
    # arguments, and skops audits all three: a function that is not on this list is still refused.
    "functools.partial",
    # That function: it checks an array and returns it, without files, imports or calls of what it is given.
    "sklearn.utils.validation.check_array",
)
"""The only types beyond the defaults of skops that a bundle may hold; reviewed one by one."""
STEPS = tuple(
    f"tasks.features.{name}"
    for name in (
        # They compute columns from columns. Loading one sets plain values: numbers, text, lists, and what scikit-learn
        # has learned. The text of a step of a user's own is run when it is asked, not when it is loaded; that it is the
        # one of the gate is proven by the digest of the file beforehand.
        "transforms.Features",
        "transforms.DateParts",
        "transforms.Cycle",
        "transforms.OfTwo",
        "transforms.Texts",
        "transforms.TargetMeans",
        "own_step.OwnStep",
    )
)
"""Those that a model with feature steps may hold as well."""
LIBRARIES = (
    # Boosters rebuild their trees from the text or the bytes of their own library, which hold numbers and no code; the
    # estimators around them, and the dictionaries of these, are plain values. The libraries read such content with less
    # care than they should; that it is the one of the gate is proven by the digest of the file beforehand.
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "lightgbm.sklearn.LGBMRegressor",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
    "xgboost.sklearn.XGBRegressor",
    "catboost.core.CatBoostClassifier",
    "catboost.core.CatBoostRegressor",
    "collections.OrderedDict",
    "collections.defaultdict",
)
"""Those of the libraries of boosted trees, reviewed as well."""
UNFIT = (
    ValueError, TypeError, LookupError, ArithmeticError, AttributeError, ImportError, RuntimeError, AssertionError
)  # fmt: skip
"""What skops, scikit-learn and families of users raise for content that does not fit the installed versions."""


def rebuilt(model: bytes, named: str, trusted: Set[str], remedy: str) -> Pipeline:
    """The Pipeline in a file whose bytes have been checked; the arguments are those of `refuse_unknown_types`.

    Raises:
        BundleRefused: It holds what nobody has reviewed, or cannot be rebuilt, or is no Pipeline.
    """
    held = refuse_unknown_types(model, named, trusted, remedy)
    kept_code.install(model, named, remedy)
    try:
        pipeline = skops.io.loads(model, trusted=held)
    except UNFIT as err:
        raise BundleRefused(
            f"{named} (allow-list) cannot be rebuilt by the installed libraries: {str(err).rstrip('. ')}. {remedy}"
        ) from err
    if not isinstance(pipeline, Pipeline):
        raise BundleRefused(
            f"{named} (allow-list) holds a {type(pipeline).__name__}, not a scikit-learn Pipeline. {remedy}"
        )
    return pipeline


def beyond_reviewed(held: Iterable[str]) -> list[str]:
    """Those of the types that a model may hold only because a pipeline file says so."""
    return sorted({*held} - {*ALLOWED, *STEPS, *LIBRARIES})


def refuse_unknown_types(model: bytes, named: str, trusted: Set[str], remedy: str) -> list[str]:
    """Raise BundleRefused if a file is none of skops, or holds types that nobody has reviewed; gives those it holds.

    Args:
        model: A skops file.
        named: What it is, for the sentence.
        trusted: Types beyond `ALLOWED` that may be in it; `module.*` are all of one module.
        remedy: What to do, for the sentence.
    """
    try:
        held = skops.io.get_untrusted_types(data=model)
        asked = beyond_reviewed(kept_code.written(model, name) for name in held)
        unknown = [name for name in asked if not {name, f"{name.rpartition('.')[0]}.*"} & trusted]
    except (*UNFIT, zipfile.BadZipFile) as err:
        raise BundleRefused(f"{named} (allow-list) is not a skops file: {str(err).rstrip('. ')}. {remedy}") from err
    if unknown:
        raise BundleRefused(
            f"{named} (allow-list) holds types that were not reviewed: {', '.join(unknown)}. Nothing was loaded. "
            "Of a family of your own, name them in training.trusted of the pipeline file once you have read what "
            "loading them does."
        )
    return list(held)
