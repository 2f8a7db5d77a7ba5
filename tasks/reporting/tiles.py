"""The four numbers under the first sentences: data, inputs, loss and retraining, each of the version that is live now.

A figure that is older than the last batch, or of another version, says so. The sentences: `sentences.py`.
"""

from dataclasses import dataclass

from configs.problems import ProblemName
from configs.settings import PipelineSettings
from tasks.domain import wording
from tasks.domain.turns import History, Turn
from tasks.problems import kinds
from tasks.reporting import standing, titles
from tasks.reporting.sentences import challenger, moved_groups, value
from tasks.reporting.standing import Role, Seen
from tasks.reporting.titles import capital


@dataclass(frozen=True)
class Tile:
    """One of the four numbers, with its yardstick and the section that tells more."""

    name: str
    value: str
    unit: str
    text: str
    href: str


def four(history: History, settings: PipelineSettings) -> tuple[Tile, ...]:
    """Data, inputs, loss and retraining: which of them is it? Data of the last batch that was taken in."""
    turn = next((t for t in reversed(history.turns) if t.batch.is_in and t.batch.labels is None), None)
    if turn is None:
        return ()
    batch = turn.batch
    parts = [f"{wording.count(batch.quarantined)} quarantined"]
    parts += [f"{wording.count(batch.duplicates)} duplicates"] if batch.duplicates else []
    parts += [f"{wording.count(batch.unlabelled)} without label"]
    data = Tile(
        f"Data of {titles.medium(batch)}", wording.count(batch.accepted), "accepted", " · ".join(parts), "#data"
    )
    others = (tell(history, turn, settings) for tell in (_inputs, _losses, _retraining))
    return (data, *others)


def _inputs(history: History, turn: Turn, settings: PipelineSettings) -> Tile:
    found, live = standing.compared(history), titles.live_now(history)
    if found is None or found.drift is None:
        text = "There was no champion whose training data they could differ from."
        text = text if turn.champion_version is None else "Not compared on this batch."
        return Tile("Inputs", wording.MISSING, "", text, "#inputs")
    version, moved = found.champion_version, len(found.drift.moved)
    parts = []
    if version != live:
        yet = f"; with v{live} nothing has been compared yet" if live is not None else ""
        parts.append(f"{capital(titles.when(found.batch))}, against the training data of v{version}{yet}.")
    elif found is not turn:
        parts.append(f"{capital(titles.when(found.batch))}: not compared with v{version} since.")
    parts.append(moved_groups(found.drift, settings) if moved else "")
    if not moved and version == live:
        parts.append("As in the data that the champion was trained on.")
    parts.append("A reason to look, not to retrain." if moved else "")
    unit, text = f"of {len(found.drift.columns)} moved", " ".join(part for part in parts if part)
    return Tile("Inputs", wording.count(moved), unit, text, "#inputs")


def _losses(history: History, turn: Turn, settings: PipelineSettings) -> Tile:
    """The last loss of the live version; before there is one, that of the last challenger."""
    live, problem = titles.live_now(history), settings.training.kind
    told = capital(kinds.of_turn(turn, problem).title)
    if live is None:
        unit = f"by {challenger(turn)}" if turn.probe else ""
        return Tile(told, value(turn.probe), unit, _without_a_model(turn, problem), "#time")
    found, gate = standing.seen(history), dict(history.gates).get(live)
    if found is None:
        if gate and (stands := standing.stands_for(history, live)):
            why = f"v{live} is its refit, and was not judged yet"
            return Tile(told, value(gate), f"by v{stands} at its gate", why, "#time")
        return Tile(told, wording.MISSING, "", f"{value(gate)} at its gate" if gate else "", "#time")
    at_gate = found.role is Role.CHALLENGER
    stands = standing.stands_for(history, live)
    where = f"by v{stands} at the gate" if stands else "at its gate"
    parts = [f"{value(gate)} {where}"] if gate and not at_gate else []
    if at_gate and found.turn.champion:
        parts.append(f"{value(found.turn.champion)} by v{found.turn.champion_version} before it")
    if found.role is Role.CHAMPION or (at_gate and not found.turn.champion):
        parts.append(_without_a_model(found.turn, problem))
    if found.role is Role.FIRST:
        parts.append("scored beside the champion of then, not judged")
    elif found.turn is not turn:
        parts.append("not judged since")
    return Tile(told, value(found.score), _moment(found, turn), " · ".join(part for part in parts if part), "#time")


def _moment(found: Seen, last: Turn) -> str:
    """When, or as what, the live version had that loss."""
    if found.role is Role.CHALLENGER:
        return "at its gate"
    return "now" if found.turn is last and found.role is Role.CHAMPION else titles.when(found.turn.batch)


def _without_a_model(turn: Turn, problem: ProblemName) -> str:
    told = kinds.of_turn(turn, problem).loss(turn.dummy_loss)
    return f"{told} without a model" if turn.dummy_loss is not None else ""


def _retraining(history: History, turn: Turn, settings: PipelineSettings) -> Tile:
    needed = wording.number(settings.promotion.false_promotion_every)
    pair = turn.comparison
    unit = "no evidence is taken" if pair and pair.independent else f"evidence, needs {needed}"
    if made := standing.gone_back(history, turn.number):
        text = f"No challenger has been compared with v{made.version} since the rollback: evidence starts anew."
        return Tile("Retraining", wording.MISSING, unit, text, "#turns")
    text = "No model was retrained on this occasion."
    if turn.probe and pair:
        word = "better" if pair.gain > 0 else "worse"
        text = f"{challenger(turn)} tried: {value(turn.probe)} on the same {settings.reporting.row[1]}"
        text += f", {word} by {kinds.difference(pair)}" if turn.champion else ""
    found = wording.evidence(turn.evidence.value if turn.evidence else None)
    return Tile("Retraining", found, unit, text, "#turns")
