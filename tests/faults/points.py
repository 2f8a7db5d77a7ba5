"""Where a run is killed: every failpoint of a turn, and between writing and publishing, between saying and committing."""

from tasks.adapters import failpoints

OF_THE_MAKING = ("format-noted", "schema-made", "home-named", "ledger-claimed")
"""Ledger and store are made once, and belong together from then on."""
OF_OTHER_COMMANDS = (
    "admission-recorded", "arrival-recorded", "delivery-unread", "mlflow-files-restored", "refusal-reopened",
    "turn-repaired", "part-scored", "answers-logged", "answers-published",
)  # fmt: skip
"""Not in every turn: a person admits, `poll` announces, files can be read as a rule, `verify --repair` comes afterwards."""
OF_CORRECTIONS = ("judged-again", "rows-replaced", "replacing-committed")
"""Only where labels that were used, or rows, are corrected."""
OF_LATE_LABELS = ("labels-published", "rows-labelled", "labels-settled", "labels-counted")
"""Only where labels come later than their rows."""
OF_THE_LOG = ("answers-sealed", "sealing-committed", "removal-committed")
"""Where the prediction log is sealed, which no turn does."""
OF_TABLES = ("table-published", "table-committed")
"""Where the lines of another table are taken in, which only pipelines with such tables do."""
OF_EXPERIMENTS = ("batch-replayed",)
"""Where a batch is replayed in an experiment, which no live pipeline does."""
GIVEN_UP = ("alert-owed", "triggers-failed", "turn-given-up")
"""Where a turn that was begun too often is given up."""
ANYWHERE = ("file-written", "commit-ahead")
"""Reached again and again."""
SECOND_TURN_ONLY = {
    "alarm-recorded", "champion-noted", "drift-committed", "drift-report-committed", "drift-report-published",
    "drift-script-published", "duplicate-counted", "evidence-committed", "health-committed", "lease-released",
    "overview-published", "page-committed", "page-published", "refused-bytes-kept",
}  # fmt: skip
"""Where a first turn does not come by: there is no live model yet, or the run does not end there."""
FIRST_TURN_ONLY = {
    "mlflow-refit-registered", "refit-checked", "refit-committed", "refit-fitted", "refit-numbered", "refit-selected",
}  # fmt: skip
"""Where only a run from the start comes by: the first champion of the world after it was not refitted."""
OF_THE_HELPER = (
    "drift-report-committed", "drift-report-published", "drift-script-published", "importance-committed",
    "mlflow-champion-set", "mlflow-files-kept", "mlflow-model-begun", "mlflow-model-ready", "mlflow-run-begun", "mlflow-run-described",
    "mlflow-run-finished", "mlflow-version-registered", "showing-committed", "shown-in-mlflow",
)  # fmt: skip
"""What is shown is shown by a process of its own."""

_OUTSIDE = {
    *OF_THE_MAKING,
    *OF_OTHER_COMMANDS,
    *OF_LATE_LABELS,
    *OF_CORRECTIONS,
    *OF_THE_LOG,
    *GIVEN_UP,
    *ANYWHERE,
    *OF_TABLES,
    *OF_EXPERIMENTS,
}
OF_A_TURN = sorted(failpoints.NAMES.keys() - _OUTSIDE - FIRST_TURN_ONLY)
OF_A_FIRST_TURN = sorted({*OF_A_TURN} - SECOND_TURN_ONLY | FIRST_TURN_ONLY)
BETWEEN = [f"file-written:{time}" for time in range(1, 8)] + [f"commit-ahead:{time}" for time in range(1, 34, 3)]
"""Each file that is published, and every third commit, before it is done: a name stands behind each of them."""
EVERYWHERE = [*OF_A_TURN, *BETWEEN]

ALWAYS = ("promotion-committed",)
"""Those that `make test` tries; `make test-long` tries all."""
