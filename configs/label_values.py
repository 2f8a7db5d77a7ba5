"""What the settings say of the values of a label: each is one that the contract lets in, and means one thing.

Add here what must hold of them; which kinds of problem name values, or classes, is said in `problems`.
"""

from configs.problems import KINDS, Kind
from configs.section import ColumnType
from configs.training import TrainingSettings
from configs.validation import ColumnRule

_CLASSES = 3
_HELD: dict[ColumnType, type] = {"boolean": bool, "integer": int, "category": str}


def require(training: TrainingSettings, rule: ColumnRule) -> None:
    """Raise ValueError if yes, no, or the classes are not such values.

    Args:
        training: With the label and its values.
        rule: What the contract says of the label.
    """
    label, kind = training.label, KINDS[training.problem]
    named = {"positive": training.positives, "negative": training.negatives}
    _require_classes(kind, label, rule, training)
    if not kind.names_values:
        for name in (name for name, values in named.items() if values):
            raise ValueError(f"training.{name} is for a yes or no; {kind.words} has no {name} value")
        return
    if not training.positives and rule.type != "boolean":
        raise ValueError(
            f"training.positive is missing: say which value of the {rule.type} {label!r} counts as positive"
        )
    for name, values in named.items():
        for value in values:
            _require_value(name, label, rule, value)
    _require_either(label, rule, training)


def _require_either(label: str, rule: ColumnRule, training: TrainingSettings) -> None:
    """No value is both, and where all are listed none is left."""
    positives = training.positives or (True,)
    both = [value for value in positives if value in training.negatives]
    if both:
        raise ValueError(f"training.negative: {both[0]!r} is positive already")
    listed = {*positives, *training.negatives}
    left = [value for value in rule.values or () if value not in listed] if training.negatives else []
    if left:
        raise ValueError(f"training.negative: {left[0]!r} is a value of {label!r} as well, and is named as neither")


def _require_classes(kind: Kind, label: str, rule: ColumnRule, training: TrainingSettings) -> None:
    """The classes are listed where they are told apart, and each is a value that the contract lets in."""
    classes = training.classes
    if not kind.names_classes:
        if classes:
            raise ValueError(f"training.classes is for one of several classes; {kind.words} has none")
        return
    if len(classes) < _CLASSES:
        raise ValueError(
            f"training.classes: name the values of {label!r}, at least {_CLASSES} (got {len(classes)}); of two, one is "
            "the yes of a binary problem"
        )
    twice = [value for value in classes if classes.count(value) > 1]
    if twice:
        raise ValueError(f"training.classes: {twice[0]!r} is named twice")
    for value in classes:
        _require_value("classes", label, rule, value)
    left = [value for value in rule.values or () if value not in classes]
    if left:
        raise ValueError(f"training.classes: {left[0]!r} is a value of {label!r} as well, and is not named")


def _require_value(name: str, label: str, rule: ColumnRule, positive: str | int | bool) -> None:
    """A value that is named is one that the contract lets in."""
    if type(positive) is not _HELD[rule.type]:
        written = {"boolean": "true or false", "integer": "a whole number", "category": "text, in quotes if need be"}
        raise ValueError(
            f"training.{name} must be a value of the {rule.type} {label!r}: {written[rule.type]} (got {positive!r})"
        )
    if rule.values is not None and positive not in rule.values:
        raise ValueError(f"training.{name}: {label!r} is one of {', '.join(rule.values)} (got {positive!r})")
    too_small = rule.min is not None and float(positive) < rule.min if rule.type == "integer" else False
    too_large = rule.max is not None and float(positive) > rule.max if rule.type == "integer" else False
    if too_small or too_large:
        raise ValueError(f"training.{name}: the contract lets no {positive!r} into {label!r}; see its min and max")
