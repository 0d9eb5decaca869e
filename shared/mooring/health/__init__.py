"""Is a live object well? Rules for each kind, after Argo CD's (gitops-engine, `pkg/health`), and how they add up.

Pure: a rule looks at one object as the API server returned it, and at nothing else. The user's own scripts come first,
then rules for built-in kinds, rules for widely used custom resources, and the standard conditions; kinds that none of
them knows count as healthy. `assess` never raises: a live object that is not shaped as its kind should be is `Unknown`,
and says so.
"""

from mooring.health.rules import BUILT_IN, STANDARD, Rules, assess, can_assess, has_rule
from mooring.health.scripts import Scripts, scripts_from_files, scripts_from_settings
from mooring.health.status import Health, Status, worst

__all__ = [
    "BUILT_IN",
    "STANDARD",
    "Health",
    "Rules",
    "Scripts",
    "Status",
    "assess",
    "can_assess",
    "has_rule",
    "scripts_from_files",
    "scripts_from_settings",
    "worst",
]
