"""From the body of a request to the body of its answer, all of it by one version.

Here protocols and the compiled model meet. What a body looks like stands with its protocol; how a request comes in and
how an answer goes out belongs to `deployments.serving`.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from configs.errors import InvalidSettings
from tasks.scoring import mlflow_bodies
from tasks.scoring.asked import Asked, listed
from tasks.scoring.compiled.base import Answered, Value
from tasks.scoring.mlflow_bodies import MlflowBodies
from tasks.scoring.ready import Ready
from tasks.scoring.refusals import Refused
from tasks.scoring.v2_bodies import V2Bodies

_FEW = 6
"""Up to so many rows are answered one by one, which is quicker then."""


class Answer(NamedTuple):
    """What goes out."""

    body: bytes
    asked: Asked
    values: Sequence[Answered | None]
    """The answer to each row; None where it breaks the contract."""
    status: int = 200


class Answerer:
    """Answers the bodies of requests by one version."""

    def __init__(self, live: Ready) -> None:
        """Args:
        live: That answers.
        """
        self.live = live
        self._compiled, self._most = live.compiled, live.most_rows
        self._pairs = live.is_probability and not live.classes
        self._mlflow = MlflowBodies(live.fields, mlflow_bodies.cell_readers())
        self.v2 = V2Bodies(live.fields, live.output, len(live.classes))

    def invocations(self, body: bytes, *, is_csv: bool = False) -> Answer:
        """MLflow's protocol: a row that breaks the contract has null in the place of its prediction.

        Raises:
            Refused: The body holds no rows, or none that keeps the contract.
        """
        asked = self._mlflow.read_csv(body) if is_csv else self._mlflow.read(body)
        self._require(asked)
        wrong = asked.wrong
        if not asked.rows:
            raise Refused(400, "No row keeps the contract.", listed(wrong))
        values = self._values(asked)
        shown = [_pair(value) for value in values] if self._pairs else values
        return Answer(mlflow_bodies.write(shown, self.live.named, wrong), asked, values)

    def infer(self, body: bytes) -> Answer:
        """The Open Inference Protocol.

        Raises:
            Refused: The body holds no rows, or one of them breaks the contract.
        """
        asked = self.v2.read(body)
        self._require(asked)
        wrong = asked.wrong
        if wrong:
            rows = "One row breaks" if len(wrong) == 1 else f"{len(wrong):,} rows break"
            raise Refused(400, f"{rows} the contract.", listed(wrong))
        answers = self._ask(asked.rows)
        body = self.v2.write(self.live.pipeline, self.live.version, asked.id, answers)
        return Answer(body, asked, list(answers))

    def _require(self, asked: Asked) -> None:
        if not asked.size:
            raise Refused(400, "There are no rows.")
        if asked.size > self._most:
            raise Refused(413, f"A request may have {self._most:,} rows; this one has {asked.size:,}.")

    def _values(self, asked: Asked) -> Sequence[Answered | None]:
        answers = self._ask(asked.rows)
        if not asked.wrong:
            return answers
        left = iter(answers)
        return [None if place in asked.wrong else next(left) for place in range(asked.size)]

    def _ask(self, rows: Sequence[Sequence[Value]]) -> Sequence[Answered]:
        try:
            if len(rows) <= _FEW:
                return [self._compiled.one(row) for row in rows]
            answers: list[Answered] = self._compiled.many(list(zip(*rows, strict=True))).tolist()
        except InvalidSettings:
            raise Refused(
                400,
                "A feature step of this model fails for these rows; `score` names it and the line for a file of them.",
            ) from None
        return answers


def _pair(probability: Any) -> list[float] | None:
    return None if probability is None else [1.0 - probability, probability]
