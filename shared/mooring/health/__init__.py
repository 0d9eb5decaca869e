"""Is a live object well? Rules for each kind, after Argo CD's (gitops-engine, `pkg/health`), and how they add up.

Pure: a rule looks at one object as the API server returned it, and at nothing else. Kinds without a rule count as
healthy. `assess` never raises: a live object that is not shaped as its kind should be is `Unknown`, and says so.
"""

from mooring.health.rules import BUILT_IN, assess, has_rule
from mooring.health.status import Health, Status, worst

__all__ = ["BUILT_IN", "Health", "Status", "assess", "has_rule", "worst"]
