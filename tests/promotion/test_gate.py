"""The gate lets nobody pass who cannot be judged; what it decides is in tests/spec/test_verdicts.py."""

import pytest

from tasks.domain.turns import Verdict, VerdictKind
from tasks.promotion import gate


@pytest.mark.parametrize("fault", [ValueError("no golden batch"), ZeroDivisionError(), MemoryError("full")])
def test_whatever_goes_wrong_at_the_gate_the_challenger_is_not_promoted(fault):
    def ask():
        raise fault

    verdict = gate.gate(ask)

    assert (verdict.kind, verdict.judged) == (VerdictKind.REJECT, False)
    assert verdict.reasons == (f"it could not be judged: {type(fault).__name__}: {fault}",)


def test_a_person_who_stops_the_run_is_not_a_verdict():
    def ask():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        gate.gate(ask)


def test_the_gate_passes_a_verdict_on_as_it_is():
    verdict = Verdict(VerdictKind.PROMOTE, ("evidence 250 ≥ 200",))

    assert gate.gate(lambda: verdict) is verdict
