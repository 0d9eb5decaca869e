"""Open pages without a network: who listens is in a real table, what they hear is kept here."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import orjson

from mooring.access.rbac import Caller, Policy, parse_policy
from mooring.errors import UnreachableError
from mooring.flows.telling.pushing import LivePorts, Rules
from mooring.state.connections import Connections
from mooring.state.endings import Ended
from mooring.state.packing import pack
from mooring.state.stream import Change
from mooring.state.table import Item, Table

__all__ = ["Pages", "application", "change"]

_POOL = ThreadPoolExecutor(4, "pages")


@dataclass
class Pages:
    """Connections in a table, a line that hears, a policy as it is written, and a clock that stands."""

    table: Table
    policy: str = ""
    epoch: str = ""
    now: float = 1_000_000.0
    heard: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    gone: set[str] = field(default_factory=set)
    ended: list[str] = field(default_factory=list)
    broken: bool = False
    asked: list[set[str]] = field(default_factory=list)
    over: Ended = field(default_factory=Ended)

    def __post_init__(self) -> None:
        self.connections = Connections(self.table)
        self.ports = LivePorts(self.connections, self, self._rules, _POOL, lambda: self.now)

    def join(
        self, id_: str, *topics: str, caller: Caller, ends: float = 0.0, epoch: str = "", proof: str = "",
        began: float = 0.0,
    ) -> None:  # fmt: skip
        """Opens a connection as a page does, with a ticket."""
        proven = {"ends": ends, "began": began}
        self.connections.issue(f"ticket of {id_}", caller, self.now, epoch=epoch, proof=proof, **proven)
        self.connections.join(id_, f"ticket of {id_}", topics, self.now)

    def names(self, id_: str) -> list[str]:
        """What a connection was told of, by name."""
        return [each["name"] for message in self.heard[id_] for each in message["changed"]]

    def post(self, connection: str, data: bytes) -> bool:
        if self.broken:
            raise UnreachableError("nobody answers")
        if connection in self.gone:
            return False
        self.heard[connection].append(orjson.loads(data))
        return True

    def end(self, connection: str) -> None:
        self.ended.append(connection)

    def _rules(self, projects: set[str]) -> Rules:
        self.asked.append(projects)
        policy: Policy = parse_policy({"policy.csv": self.policy})
        return Rules(policy, self.epoch, self.over)


def change(pk: str, sk: str, sequence: int = 1, *, before: Item | None = None, after: Item | None = None) -> Change:
    """A change as the stream tells it."""
    return Change(pk, sk, before, after, sequence, 0.0)


def application(name: str, project: str) -> Item:
    """The item `SPEC` of an application, as far as it says whose it is."""
    body = pack({"declared": {"spec": {"project": project}}})
    return {"pk": f"APP#{name}", "sk": "SPEC", "generation": 1, "body": body}
