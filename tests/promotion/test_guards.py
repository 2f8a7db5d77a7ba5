"""A guard takes a class and one line where they are listed, or in a pipeline file: it is asked last, and vetoes."""

from configs import plugs
from configs.promotion import PromotionSettings
from tasks.domain.records import BundleFacts
from tasks.domain.turns import Evidence, Guard, VerdictKind
from tasks.promotion import gate
from tasks.promotion.guards import listed
from tasks.promotion.guards.base import Case
from tests.spec.test_verdicts import comparison, score

SETTINGS = PromotionSettings()
CASE = Case(score(), score(), comparison(), 0.66, BundleFacts(1.2, 12.0), SETTINGS)
WON = Evidence("2013-06", "v3", "v6", 1.0, (9.0,), (900,), 1.0, (1516.0,), 1516.0, 200.0)


class FewRows:
    """Objects to what was judged on less than a thousand rows."""

    title = "few rows"

    def ask(self, case: Case) -> Guard:
        return Guard(self.title, case.comparison.rows < 1000, f"judged on {case.comparison.rows} rows")


def test_a_guard_that_is_listed_is_asked_last_and_vetoes(monkeypatch):
    without = gate.judge(WON, CASE.comparison, listed.ask(CASE), SETTINGS)
    monkeypatch.setitem(plugs.GUARDS, "few_rows", f"{__name__}:FewRows")

    verdict = gate.judge(WON, CASE.comparison, listed.ask(CASE), SETTINGS)

    assert without.kind is VerdictKind.PROMOTE
    assert verdict.kind is VerdictKind.REJECT
    assert verdict.reasons[0] == "guard 'few rows' objects: judged on 200 rows"
    assert [guard.name for guard in verdict.guards][-1] == "few rows"


def test_every_guard_has_a_name_of_its_own():
    names = {name: plugs.built_in(path).title for name, path in plugs.GUARDS.items()}

    assert {name.replace("_", " "): title for name, title in names.items()} == {t: t for t in names.values()}
