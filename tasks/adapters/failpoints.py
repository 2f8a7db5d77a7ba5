"""Named step boundaries at which a process can be made to kill itself, so that recovery can be proven.

`INCUMBENT_FAILPOINT=<name>` names one; `<name>:3` means the third time that a process comes by. SIGKILL leaves no time
for handlers: it is what a power cut looks like. It takes the process that a helper works for as well, unless it is
`<name>:alone`. `INCUMBENT_FAILPOINT_LOG=<file>` writes down what is reached, with each commit and each published file
in between: two of those without a name between them would be a gap in which nobody has tried to die.

Add a name to the table with the line that reaches it. What happens at a step belongs to the step.
"""

import os
import signal
import threading
from collections import Counter
from functools import cache
from multiprocessing import parent_process
from pathlib import Path

from configs import environment

NAMES = {
    # ── anywhere ──
    "file-written": "a file is written beside its place, and not there yet",
    "commit-ahead": "the statements of a transaction are made, and not committed",
    "format-noted": "the store says in which format it is, and has nothing yet",
    "schema-made": "the tables of the ledger are made, and not committed",
    "home-named": "the home has its id, and the ledger does not know it",
    "ledger-claimed": "the ledger says whose it is",
    # ── coordination ──
    "arrival-recorded": "a delivery is in the inbox, and not announced",
    "digests-kept": "what the files of the landing folder hold is remembered",
    "trigger-recorded": "the reason for the run is in the inbox",
    "lease-taken": "the lease is held",
    "inbox-settled": "triggers that lead to no turn have ended",
    "turn-opened": "the turn has its number",
    "step-begun": "the turn says to which step it has come",
    "batch-trigger-recorded": "the batch is a reason for its turn",
    "triggers-covered": "the turn answers the triggers that were open",
    "alerts-owed": "people are to be told of what stands, and the turn is not closed",
    "turn-closed": "outcome and reasons of the turn are committed",
    "alert-owed": "a turn is given up: people are to be told",
    "triggers-failed": "a turn is given up: its triggers have failed",
    "turn-given-up": "a turn is given up: it is closed",
    "lease-released": "the lease is free",
    # ── ingestion, validation ──
    "landed-kept": "the bytes that were read are in the scratch place",
    "accepted-published": "the accepted rows are in the store",
    "rows-published": "the rows that were set aside are in the store as well",
    "refused-bytes-kept": "the bytes of a refused delivery are in the store",
    "admission-recorded": "that a batch is judged again is committed",
    "refusal-reopened": "that a batch waits which nobody could read is committed",
    "delivery-unread": "that a delivery cannot be read is committed",
    "labels-published": "the labels of a delivery of labels are in the store",
    "batch-committed": "what became of the batch is committed",
    "delivery-committed": "the name under which it came is committed",
    "turn-ingested": "the turn is past its door",
    "duplicate-counted": "a copy under another name is counted",
    # ── monitoring ──
    "champion-noted": "the turn knows who was live",
    "drift-committed": "how far the inputs have moved is committed",
    "health-committed": "how the live model does is committed",
    "alarm-recorded": "an alarm is in the inbox, and not announced",
    "rows-replaced": "a batch without the rows whose place was taken is in the store",
    "replacing-committed": "that rows were replaced is committed",
    # ── training, evaluation, promotion ──
    "rows-labelled": "rows with the labels that came later are in the store",
    "labels-settled": "that labels have come to the rows of a batch is committed",
    "judged-again": "how what was judged comes out with corrected labels is committed",
    "labels-counted": "how many labels wait for rows, or rows for labels, is committed",
    "snapshot-committed": "the selection of rows is committed",
    "decision-committed": "whether to train is committed",
    "lock-kept": "the lock file of the libraries is there, and not what was fitted with them",
    "golden-published": "the golden batch of a bundle is there, and not its model",
    "bundle-published": "the bundle is there, and not in the ledger",
    "model-committed": "the model is in the ledger",
    "score-committed": "how a model did on the batch is committed",
    "comparison-committed": "the paired losses are committed",
    "evidence-committed": "the evidence so far is committed",
    "version-given": "the challenger has its version number",
    "verdict-committed": "the verdict is committed",
    "promotion-committed": "the challenger is the champion",
    "refit-selected": "the rows on which a first champion is refitted are committed",
    "refit-fitted": "the refit is in the ledger, and has no version number",
    "refit-numbered": "the refit has its version number",
    "refit-committed": "what came of the gate of the refit is committed",
    "refit-checked": "which of refit and judged version is live is decided, and not so yet",
    # ── tables that rows are joined with ──
    "table-published": "the lines of a table are in the store, and not in the ledger",
    "table-committed": "the lines of a table are in the ledger, and no batch is joined with them",
    # ── experiments ──
    "batch-replayed": "what came of a batch in an experiment is written down, and its turn there is not closed",
    # ── scoring ──
    "part-scored": "the answers to a part of a file are there, and not all of them",
    "answers-logged": "the answers to a file are in the prediction log, and not published",
    "answers-published": "the answers to a file are there, and their parts as well",
    "answers-sealed": "rows of the prediction log are in the store, and not in the ledger",
    "sealing-committed": "rows of the prediction log are in the ledger, and in their segment as well",
    "removal-committed": "rows of the prediction log are listed no more, and still in the store",
    # ── what is shown ──
    "drift-script-published": "the script of the drift pages is there",
    "drift-report-published": "the drift page is there, and not in the ledger",
    "drift-report-committed": "the drift page is in the ledger",
    "importance-committed": "what matters to the model is in the ledger",
    "mlflow-run-begun": "MLflow has the run, and nothing in it",
    "mlflow-model-begun": "MLflow has a model that is pending",
    "mlflow-run-described": "data, figures and files of the run are in MLflow",
    "mlflow-files-kept": "the ledger has the digests of the files of the run and of its model",
    "mlflow-files-restored": "files of a model are back in MLflow, and the ledger does not know it",
    "mlflow-model-ready": "the model is in MLflow, and its run is open",
    "mlflow-run-finished": "the run is complete",
    "mlflow-version-registered": "MLflow has the version",
    "mlflow-refit-registered": "MLflow has the version of the refit",
    "mlflow-champion-set": "the alias champion is that of the ledger",
    "shown-in-mlflow": "the alias challenger as well",
    "showing-committed": "that the turn is shown is in the ledger",
    "overview-published": "the page over all pipelines is written, and the run goes on",
    "page-published": "the report is written, and not in the ledger",
    "page-committed": "the report is in the ledger",
    "turn-repaired": "a turn whose pages were gone is shown again",
}
"""Every failpoint, and what is so when it is reached."""
ALONE = "alone"

_seen: Counter[str] = Counter()
os.register_at_fork(after_in_child=_seen.clear)


def reach(name: str) -> None:
    """Die here if the environment says so."""
    said = _said()
    if said.failpoint_log is not None:
        _write(said.failpoint_log, name)
    if said.failpoint is None:
        return
    wanted, _, which = said.failpoint.partition(":")
    if wanted != name:
        return
    _seen[name] += 1
    if which.isdigit() and _seen[name] != int(which):
        return
    helped = parent_process()
    if helped is not None and helped.pid is not None and which != ALONE:
        os.kill(helped.pid, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def note(what: str) -> None:
    """Write down, where the environment asks for it, that something has become lasting."""
    log = _said().failpoint_log
    if log is not None:
        _write(log, f"= {what}")


@cache
def _said() -> environment.Environment:
    """Asked at every commit, and the same as long as the process lives."""
    return environment.read()


def _write(log: Path, what: str) -> None:
    """One line with process and thread; a line so short is written whole."""
    thread = threading.current_thread().name.replace(" ", "-")
    with log.open("a", encoding="utf-8") as file:
        file.write(f"{os.getpid()}.{thread} {what}\n")
