"""How an application's secrets are: what each is made from, whether that worked, and since when; never a value.

Nothing is opened to tell it, and no cluster or provider is asked: sources are read as they stand in git, and what
became of them is what the last sync has noted (its words are masked already). So nothing here can confirm a guess: of a
value there is neither length nor digest. What a render took out of SOPS files may stand anywhere in a source, so of
one that says so only the name is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from mooring.errors import ConfigurationError
from mooring.flows.looking.ports import LookPorts, record_of
from mooring.model.application import AppKey
from mooring.model.externalkinds import GROUP, PUSHING
from mooring.model.externalstore import parse_store
from mooring.model.merges import merge_of
from mooring.model.moments import told_time
from mooring.model.objects import Manifest, ObjectKey
from mooring.secrets.digests import is_hidden
from mooring.state.operations import Operation
from mooring.state.records import Record
from mooring.state.statuses import Resource

__all__ = ["show_secrets"]

_SOURCES: Final = (
    ("bitnami.com", "SealedSecret"),
    (GROUP, "ExternalSecret"),
    (GROUP, "ClusterExternalSecret"),
    *((GROUP, kind) for kind in PUSHING),
)
_STORES: Final = ("SecretStore", "ClusterSecretStore")
_OPERATIONS: Final = 50  # newest ones, in which a Secret's last change is looked for
_WITHHELD: Final = "withheld, since the manifest may hold values of SOPS files"
_Told = dict[str, Any]


def show_secrets(ports: LookPorts, app: AppKey) -> _Told:
    """`{"items": […], "nextRefresh"}`: every source of Secrets, and every Secret that comes from none.

    Raises `UnknownApplicationError`, and as reading bundles does.
    """
    record = record_of(ports, app)
    rows = {row.key: row for row in record.status.resources}
    manifests = _manifests(ports, record, rows.values())
    namespace = record.spec.application.destination.namespace if record.spec is not None else ""
    stores = {_placed(each, namespace): each for each in manifests if each["kind"] in _STORES}
    operations = list(ports.applications.operations(app, _OPERATIONS))
    secrets = [key for key in {**rows, **record.inventory} if (key.group, key.kind) == ("", "Secret")]
    made: set[ObjectKey] = set()
    items = []
    for manifest in manifests:
        key = _placed(manifest, namespace)
        if (key.group, key.kind) not in _SOURCES:
            continue
        theirs = sorted(each for each in secrets if _makes(manifest, key, each))
        made.update(theirs)
        items.append(_source(record, manifest, key, rows.get(key), theirs, stores) | _changed(operations, theirs))
    items += [_plain(key, rows.get(key)) | _changed(operations, [key]) for key in sorted(set(secrets) - made)]
    due = record.status.reopen_at
    return {"items": sorted(items, key=_order), "nextRefresh": told_time(due) if due else None}


def _manifests(ports: LookPorts, record: Record, rows: Iterable[Resource]) -> list[Manifest]:
    """What git says. Nothing is decrypted, unless a source itself was kept under seal."""
    name = record.status.bundle or (record.wanted.bundle if record.wanted is not None else "")
    if not name:
        return []
    found = ports.bundles.plain(name)
    known = {(each["kind"], each["metadata"].get("name")) for each in found}
    missing = any((row.key.kind, row.key.name) not in known for row in rows if row.uncounted == "opened")
    return list(ports.bundles.load(name) if missing else found)


def _placed(manifest: Manifest, namespace: str) -> ObjectKey:
    key = ObjectKey.of(manifest)
    if key.namespace or key.kind.startswith("Cluster"):
        return key
    return ObjectKey(key.group, key.kind, namespace or "default", key.name)


def _source(
    record: Record,
    manifest: Manifest,
    key: ObjectKey,
    row: Resource | None,
    theirs: Iterable[ObjectKey],
    stores: Mapping[ObjectKey, Manifest],
) -> _Told:
    told = _named(key) | {"secrets": [_secret(each) for each in theirs], "keys": [], "remote": [], "stores": []}
    told |= _state(row, "pushed" if key.kind in PUSHING else "opened")
    if is_hidden(manifest):
        return told | {"source": _word(key), "hidden": True, "message": _WITHHELD if told["message"] else ""}
    spec = _mapping(manifest.get("spec"))
    if key.kind == "SealedSecret":
        names = {**_mapping(spec.get("encryptedData")), **_mapping(_mapping(spec.get("template")).get("data"))}
        return told | {"source": _word(key), "keys": sorted(map(str, names))}
    if key.kind in PUSHING:
        inner = _mapping(spec.get("pushSecretSpec")) or spec
        refs = _mappings(inner.get("secretStoreRefs"))
        data = _mappings(inner.get("data"))
        remote = [_remote(_mapping(_mapping(each.get("match")).get("remoteRef")), "remoteKey") for each in data]
        pushed = sorted({each.name for each in record.status.pushed if each.source == key})
        told |= {"keys": _texts(_mapping(each.get("match")).get("secretKey") for each in data), "pushed": pushed}
    else:
        inner = _mapping(spec.get("externalSecretSpec")) or spec
        single, many = _mappings(inner.get("data")), _mappings(inner.get("dataFrom"))
        entries = [_mapping(each.get("sourceRef")) for each in (*single, *many)]
        refs = [_mapping(inner.get("secretStoreRef")), *(_mapping(each.get("storeRef")) for each in entries)]
        remote = [_remote(_mapping(each.get("remoteRef")), "key") for each in single]
        remote += [_many(each) for each in many]
        told |= {"keys": _texts(each.get("secretKey") for each in single)}
    told |= {"stores": _stores(refs, key.namespace, stores), "remote": [each for each in remote if each]}
    every = inner.get("refreshInterval")
    return told | {"source": _word(key)} | ({"refreshInterval": every} if isinstance(every, str) else {})


def _plain(key: ObjectKey, row: Resource | None) -> _Told:
    """A Secret that comes as it is from a render: of a SOPS file, a generator, or a manifest."""
    told = _named(key) | {"secrets": [_secret(key)], "keys": [], "remote": [], "stores": [], "source": "render"}
    state = _state(row, "applied")
    if state["state"] == "never" and row is not None:
        state = {"state": "differs", "message": row.health.message if row.health is not None else ""}
    return told | state


def _state(row: Resource | None, well: str) -> _Told:
    if row is None:
        return {"state": "never", "message": ""}
    message = row.health.message if row.health is not None else ""
    if row.health is not None and row.health.status == "Degraded":
        return {"state": "failing", "message": message}
    if well != "applied" and row.uncounted != "opened":
        return {"state": "in-cluster", "message": message}
    return {"state": well if row.sync == "Synced" else "never", "message": message}


def _makes(manifest: Manifest, source: ObjectKey, secret: ObjectKey) -> bool:
    """Whether a Secret, or what is added to one, comes from a source."""
    if source.kind in PUSHING:
        return False
    merge = merge_of(secret)
    if source.namespace and secret.namespace != source.namespace:
        return False
    if source.kind == "SealedSecret":
        return secret.name == source.name if merge is None else merge.source == f"sealed:{source.name}"
    spec = _mapping(manifest.get("spec"))
    single = str(spec.get("externalSecretName") or source.name)
    if merge is not None:
        return merge.source == single
    target = _mapping((_mapping(spec.get("externalSecretSpec")) or spec).get("target"))
    return secret.name == str(target.get("name") or single)


def _secret(key: ObjectKey) -> _Told:
    merge = merge_of(key)
    whole = key if merge is None else merge.secret
    return {"namespace": whole.namespace, "name": whole.name, "merged": merge is not None}


def _remote(ref: Mapping[str, Any], name: str) -> _Told:
    named = {"key": ref.get(name), "property": ref.get("property"), "version": ref.get("version")}
    return {field: text for field, text in named.items() if isinstance(text, str) and text}


def _many(entry: Mapping[str, Any]) -> _Told:
    """What one entry of `dataFrom` reads: one secret, all whose names fit, or what a generator makes."""
    if extract := _mapping(entry.get("extract")):
        return _remote(extract, "key")
    if find := _mapping(entry.get("find")):
        path, name = find.get("path"), _mapping(find.get("name")).get("regexp")
        return {"find": " ".join(each for each in (path, name) if isinstance(each, str) and each) or "(by tags)"}
    generator = _mapping(_mapping(entry.get("sourceRef")).get("generatorRef"))
    return {"generator": f"{generator.get('kind')}/{generator.get('name')}"} if generator else {}


def _stores(refs: Iterable[Mapping[str, Any]], namespace: str, known: Mapping[ObjectKey, Manifest]) -> list[_Told]:
    found: dict[ObjectKey, _Told] = {}
    for ref in refs:
        name, kind = ref.get("name"), str(ref.get("kind") or "SecretStore")
        if not isinstance(name, str) or not name:
            continue
        place = "" if kind == "ClusterSecretStore" else namespace
        key = ObjectKey(GROUP, kind, place, name)
        found[key] = {"kind": kind, "name": name} | _provider(known.get(key), place)
    return list(found.values())


def _provider(manifest: Manifest | None, namespace: str) -> _Told:
    """Whose secrets a store gives; empty where it is not among the manifests, or can't be read."""
    if manifest is None or is_hidden(manifest):
        return {"provider": "", "region": ""}
    try:
        store = parse_store(manifest, namespace, [])
    except ConfigurationError:
        return {"provider": "", "region": ""}
    return {"provider": store.service, "region": store.region}


def _changed(operations: Iterable[Operation], secrets: Iterable[ObjectKey]) -> _Told:
    """The newest operation that changed one of these Secrets, if it is among the last ones."""
    wanted = set(secrets)
    for operation in operations:
        for result in operation.results:
            if result.key in wanted and result.before != result.after and operation.kind != "dry run":
                at = told_time(operation.finished_at or operation.started_at)
                return {"changed": {"at": at, "operation": operation.id}}
    return {"changed": None}


def _word(key: ObjectKey) -> str:
    return key.kind.removeprefix("Cluster")


def _named(key: ObjectKey) -> _Told:
    return {"group": key.group, "kind": key.kind, "namespace": key.namespace, "name": key.name}


def _order(told: Mapping[str, Any]) -> tuple[bool, str, str, str]:
    return told["state"] != "failing", told["kind"], told["namespace"], told["name"]


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _texts(values: Iterable[Any]) -> list[str]:
    return sorted({each for each in values if isinstance(each, str) and each})
