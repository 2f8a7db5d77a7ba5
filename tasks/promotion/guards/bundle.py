"""Guard `bundle`: the packaged model loads and answers as it did, and is small and quick enough."""

from configs.promotion import GuardSettings
from tasks.domain import turns
from tasks.domain.records import BundleFacts
from tasks.promotion.guards import base
from tasks.promotion.guards.base import Case


class Bundle:
    """Objects to a bundle that does not load, does not answer its golden batch, or is too large or too slow."""

    title = "bundle"

    def ask(self, case: Case) -> turns.Guard:
        """Look at what was seen when it was loaded."""
        return self.look(case.bundle, case.settings.guards)

    def look(self, facts: BundleFacts, limits: GuardSettings) -> turns.Guard:
        """The same for a model that was compared with nothing yet: a refit."""
        if facts.problem is not None:
            return turns.Guard(self.title, True, facts.problem)
        small, quick = facts.megabytes <= limits.max_bundle_mb, facts.latency_ms <= limits.max_latency_ms
        size = f"{facts.megabytes:,.1f} MB, {base.limit(small, limits.max_bundle_mb)}"
        time = f"{facts.latency_ms:,.0f} ms for a row, {base.limit(quick, limits.max_latency_ms)}"
        return turns.Guard(self.title, not (small and quick), f"{size}; {time}")
