"""Labels that come later than their rows: how a batch stood before they came, and how they are told.

Add here what is said of them in more than one place. Which label a row has is decided in `training.overlay`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from tasks.domain import wording
from tasks.domain.label_records import LateLabels, Superseded
from tasks.domain.records import Batch, Snapshot
from tasks.domain.turns import JudgedAgain

_NAMES = 3
"""So many batches are named."""


def files(batch: Batch) -> tuple[str, ...]:
    """The files of its accepted rows: before labels came to them, and as they are now."""
    return (*(one.file for one in batch.superseded), *([batch.accepted_file] if batch.accepted_file else []))


def file_of_keys(batch: Batch) -> str | None:
    """The oldest file that has the rows that it has now, in their order, whatever their labels."""
    changes = [place for place, one in enumerate(batch.superseded, start=1) if one.replaced]
    kept = files(batch)[changes[-1] if changes else 0 :]
    return kept[0] if kept else None


def as_taken_in(batch: Batch) -> Batch:
    """A batch as it was before any label came to it."""
    return at(batch, 0)


def at(batch: Batch, turn: int) -> Batch:
    """A batch as it stood in a turn, with the labels that came in that turn."""
    then = next((one for one in batch.superseded if turn < one.until), None)
    if then is None:
        return batch
    return replace(
        batch,
        accepted_file=then.file,
        unlabelled=then.unlabelled,
        positives=then.positives,
        label_mean=then.label_mean,
        label_values=then.label_values,
        classes=then.classes,
        awaits=then.awaits,
        accepted=batch.accepted if then.accepted is None else then.accepted,
        quarantined=batch.quarantined if then.quarantined is None else then.quarantined,
        aside_file=batch.aside_file if then.accepted is None else then.aside_file,
        superseded=tuple(one for one in batch.superseded if one.until <= turn),
    )


def superseded(batch: Batch, turn: int, *, corrected: int = 0, replaced: int = 0) -> tuple[Superseded, ...]:
    """How the rows of a batch have stood, once a turn changes them."""
    now = Superseded(
        until=turn,
        file=batch.accepted_file or "",
        unlabelled=batch.unlabelled,
        positives=batch.positives,
        label_mean=batch.label_mean,
        label_values=batch.label_values,
        classes=batch.classes,
        awaits=batch.awaits,
        corrected=corrected,
        replaced=replaced,
        accepted=batch.accepted,
        quarantined=batch.quarantined,
        aside_file=batch.aside_file,
    )
    return (*batch.superseded, now)


def together(deliveries: Sequence[LateLabels]) -> LateLabels:
    """Several deliveries as one."""
    counts = ("landed", "taken", "repeated", "contradicting", "unusable", "empty", "unknown", "corrected")
    summed = {name: sum(getattr(one, name) for one in deliveries) for name in counts}
    return LateLabels(**summed, replaced=any(one.replaced for one in deliveries))


def briefly(labels: LateLabels) -> str:
    """`307 labels taken, 7 of them for rows that are not there, 10 set aside`."""
    aside = labels.landed - labels.taken
    parts = [f"{wording.count(labels.taken)} {'label' if labels.taken == 1 else 'labels'} taken"]
    parts += [f"{wording.count(labels.unknown)} of them for rows that are not there"] if labels.unknown else []
    return ", ".join([*parts, *([f"{wording.count(aside)} set aside"] if aside else [])])


def delivered(labels: LateLabels) -> list[str]:
    """What became of a delivery of labels, in sentences."""
    one = labels.taken == 1
    told = [f"{wording.count(labels.landed)} labels landed: {wording.count(labels.taken)} {'is' if one else 'are'} new"]
    aside = (
        (labels.repeated, "were there already"),
        (labels.empty, "are not known yet"),
        (labels.contradicting, "contradict each other"),
        (labels.unusable, "cannot be used"),
    )
    told[0] += "".join(f", {wording.count(number)} {what}" for number, what in aside if number)
    if labels.unknown:
        verb = "names" if labels.unknown == 1 else "name"
        told.append(
            f"{wording.count(labels.unknown)} of {wording.count(labels.taken)} labels {verb} rows that are not there, "
            "and wait for them"
        )
    if labels.corrected:
        verb = "differs" if labels.corrected == 1 else "differ"
        then = "gives way to it" if labels.replaced else "stays"
        told.append(f"{wording.count(labels.corrected)} {verb} from the label that was used, which {then}")
    return told


def judged_again(again: JudgedAgain) -> str:
    """`turn 4 is judged again with 3 corrected labels: a gain of +0.0012, +0.0021 then; what was decided stays`."""
    labels = "1 corrected label" if again.labels == 1 else f"{wording.count(again.labels)} corrected labels"
    gains = f"a gain of {again.after.gain:+.4f}, {again.before:+.4f} then"
    stays = "what was decided stays"
    if (again.after.gain > 0) != (again.before > 0):
        stays = "it has changed sides, and what was decided stays all the same"
    return f"turn {again.judged} is judged again with {labels}: {gains}; {stays}"


def waiting(batches: Sequence[Batch], horizon: int | None) -> list[str]:
    """Which batches wait for labels, in words, the newest by name; empty if none does.

    Args:
        batches: Of a pipeline, in event order.
        horizon: `ingestion.labels.horizon`, in days.
    """
    found = [batch for batch in batches if batch.awaits]
    more = len(found) - _NAMES
    others = [f"{wording.count(more)} more {'batch waits' if more == 1 else 'batches wait'} for labels"]
    return [*(_waits(batch, horizon) for batch in reversed(found[-_NAMES:])), *(others if more > 0 else [])]


def too_late(snapshot: Snapshot | None) -> list[str]:
    """That nothing can be learned from, as labels were known only after that which is judged had begun."""
    if snapshot is None or snapshot.rows or not snapshot.excluded_unknown:
        return []
    rows = f"{wording.count(snapshot.excluded_unknown)} labels were known only after {snapshot.cutoff:%Y-%m-%d}"
    return [f"{rows}, where what is judged begins: later batches can learn from them"]


def _waits(batch: Batch, horizon: int | None) -> str:
    there = f"{batch.name}: {wording.count(batch.there)} of {wording.count(batch.accepted)} labels are there"
    if horizon is None or batch.last_event is None:
        return f"{there}; it is judged when all are, as ingestion.labels.horizon is not set"
    due = batch.last_event + timedelta(days=horizon)
    return f"{there}; it is judged when all are, or with what comes after {due:%Y-%m-%d}"
