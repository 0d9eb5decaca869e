"""Which applications are made of which secrets of a provider, so that a change of one finds them: names, never values.

`SECRET#<service>/<region>/<name>` lists an application by `APP#<key>`; the name is empty for those that look through
all secrets of a service. What an application was last listed under stands with it in `SECRETS`, so that listing it
again writes only what has changed. Entries expire: one that nobody renews belongs to an application that is gone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from mooring.model.application import AppKey
from mooring.state.packing import pack, unpack
from mooring.state.table import Table, put

__all__ = ["SecretUses", "use_name"]

_KEPT = 30 * 24 * 3600.0  # seconds
_RENEWED = 7 * 24 * 3600.0  # seconds after which an entry is written again
_AT_ONCE = 50  # entries of one transaction


def use_name(service: str, region: str, name: str) -> str:
    """How a secret is listed."""
    return f"{service}/{region}/{name}"


class SecretUses:
    """The secrets that applications use."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def note(self, app: AppKey, names: Collection[str], *, now: float) -> None:
        """Lists an application under these secrets and no others; writes nothing where that is known."""
        pk = f"APP#{app}"
        known = self._table.get((pk, "SECRETS"))
        before: set[str] = set(unpack(known["names"])) if known is not None else set()
        fresh = known is not None and now - float(known["at"]) < _RENEWED
        if fresh and before == set(names):
            return
        added = sorted(set(names) - before if fresh else set(names))
        for at in range(0, len(added), _AT_ONCE):
            self._table.write(
                *(
                    put({"pk": f"SECRET#{name}", "sk": pk, "ttl": int(now + _KEPT)})
                    for name in added[at : at + _AT_ONCE]
                )
            )
        self._table.delete_all([(f"SECRET#{name}", pk) for name in sorted(before - set(names))])
        at_written = now if not fresh or known is None else float(known["at"])
        self._table.write(put({"pk": pk, "sk": "SECRETS", "names": pack(sorted(names)), "at": at_written}))

    def users(self, names: Iterable[str]) -> list[AppKey]:
        """The applications that use any of these secrets, by name."""
        found = {
            item["sk"].removeprefix("APP#")
            for name in dict.fromkeys(names)
            for item in self._table.query(f"SECRET#{name}", "APP#")
        }
        return [AppKey.parse(each) for each in sorted(found)]
