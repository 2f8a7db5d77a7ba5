"""What was judged again with corrected labels: measured once more on the rows as they were then (I1)."""

from collections.abc import Iterator

from configs.errors import Damaged, MistakeOfUser
from tasks.adapters.home import Home
from tasks.domain import late_labels
from tasks.domain.pools import Pool
from tasks.evaluation.steps import rejudging
from tasks.lineage.verify import gates
from tasks.lineage.verify.checks.ledger_copy import Recorded
from tasks.lineage.verify.findings import Finding


def check(home: Home, recorded: Recorded, damaged: set[str]) -> Iterator[Finding]:
    """Both models lose on the rows with corrected labels what the ledger says.

    Args:
        home: Store, bundles and ledger.
        recorded: What the ledger says.
        damaged: Ids of models that do not load.
    """
    batches = {batch.id: batch for batch in recorded.batches}
    for one in home.ledger.corrections.all(recorded.pipeline):
        pool, champion = recorded.pools.get(one.judged), recorded.champion_of(one.judged)
        challenger, _ = recorded.verdicts.get(one.judged, ("", None))
        if pool is None or {challenger, champion.id if champion else challenger} & damaged:
            continue
        then = Pool(tuple(late_labels.at(batches[batch.id], one.turn) for batch in pool.batches), None)
        try:
            measured = rejudging.again(home, recorded.pipeline, one.judged, then)
        except (MistakeOfUser, Damaged):  # the contract has changed since, or damage has been told
            continue
        if measured is not None:
            yield from gates.losses_agree(one.turn, one.after, measured)
            yield from gates.gain_agrees(one.turn, one.after, measured)
