"""What every render's documents have to be."""

from __future__ import annotations

import re
import base64
import copy
from typing import Any

import pytest

from mooring.errors import RenderError
from mooring.render.objects import accept


def _config(name: str = "a", **fields: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, **fields}


def _accept(*documents: Any) -> list[Any]:
    return list(accept([(f"file.yaml, document {n}", d) for n, d in enumerate(documents, 1)], namespace="shop")[0])


def test_objects_pass_in_their_order() -> None:
    """Nothing is sorted or changed that need not be."""
    documents = [_config("b"), _config("a", data={"k": "v"})]
    assert documents == _accept(*documents)


@pytest.mark.parametrize(
    "document",
    [
        {"apiVersion": "v1", "kind": "List", "items": [_config("a"), _config("b")]},
        {"apiVersion": "v1", "kind": "ConfigMapList", "items": [_config("a"), _config("b")]},
        {
            "apiVersion": "v1",
            "kind": "ConfigMapList",
            "metadata": {},
            "items": [{"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}],
        },
        {
            "apiVersion": "v1",
            "kind": "List",
            "items": [{"apiVersion": "v1", "kind": "List", "items": [_config("a")]}, _config("b")],
        },
    ],
)
def test_a_list_is_taken_apart(document: dict[str, Any]) -> None:
    """GIVEN a List, a typed list or lists in a list, THEN the items are the objects."""
    assert [_config("a"), _config("b")] == _accept(document)


def test_a_kind_that_ends_in_list_may_be_an_object() -> None:
    """GIVEN a custom kind like AllowList, THEN it stays what it is; an empty List is nothing."""
    allow = {"apiVersion": "x/v1", "kind": "AllowList", "metadata": {"name": "a"}}
    assert [allow] == _accept(allow, {"apiVersion": "v1", "kind": "List"}, {"kind": "List", "items": []})


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("text", ": must be an object with apiVersion, kind and metadata, not text"),
        ([], ": must be an object .* not a list"),
        ({"kind": "A", "metadata": {"name": "a"}}, "apiVersion: must be a string, not absent or null"),
        ({"apiVersion": "v1", "metadata": {"name": "a"}}, "kind: must be a string, not absent or null"),
        (
            {"apiVersion": 1, "kind": "A", "metadata": {"name": "a"}},
            "apiVersion: must be a string, not a number: quote",
        ),
        ({"apiVersion": "v1", "kind": "A"}, "metadata: must be a mapping with a name"),
        ({"apiVersion": "v1", "kind": "A", "metadata": {}}, r"metadata\.name: must be a string, not absent"),
        ({"apiVersion": "v1", "kind": "A", "metadata": {"name": ""}}, r"metadata\.name: must not be empty"),
        (
            {"apiVersion": "v1", "kind": "A", "metadata": {"name": True}},
            r"metadata\.name: .* not true or false: quote it",
        ),
        (_config(metadata={"name": "a", "labels": []}), r"metadata\.labels: must be a mapping, not a list"),
        (_config(metadata={"name": "a", "namespace": 1}), r"metadata\.namespace: must be a string"),
        (
            _config(metadata={"name": "a", "namespace": "b/secrets/x?y=-shop"}),
            r"metadata\.namespace: must be a DNS label",
        ),
        *((_config(name), r"metadata\.name: must be one segment") for name in ("..", "../b", "a%2Fb", "a?b", "a#b")),
        (_config(metadata={"generateName": "a-"}), r"metadata\.generateName: only a hook .* set metadata\.name"),
        ({"apiVersion": "v1", "kind": "List", "items": {}}, "items: must be a list"),
        ({"apiVersion": "v1", "kind": "List", "items": [{}]}, r"items\[0\]: apiVersion"),
    ],
)
def test_what_is_no_object_is_refused(document: Any, message: str) -> None:
    """The error names the file, the document and the field."""
    with pytest.raises(RenderError, match=rf"^file\.yaml, document 1.*{message}"):
        _accept(document)


def _hook(name: str = "a", **annotations: Any) -> dict[str, Any]:
    return _config(metadata={"name": name, "annotations": annotations})


ARGO, HELM = "argocd.argoproj.io/hook", "helm.sh/hook"


@pytest.mark.parametrize(
    "annotations",
    [
        {ARGO: "Skip"},
        {ARGO: "Skip", HELM: "pre-install"},
        {ARGO: "Skip,PostSync"},
        {ARGO: "PreSink"},
        {HELM: "test"},
        {HELM: "test-success, test-failure"},
        {HELM: "pre-rollback,post-rollback"},
    ],
)
def test_a_hook_that_never_runs_is_left_out(annotations: dict[str, str]) -> None:
    """GIVEN a hook that no sync of Argo CD's runs, THEN the others are the objects; its name is not taken."""
    assert [_config("a")] == _accept(_hook(**annotations), _config("a"))


@pytest.mark.parametrize(
    "annotations",
    [
        {ARGO: "PreSync"},
        {ARGO: "PreSync", HELM: "test"},
        {HELM: "pre-install,pre-upgrade"},
        {HELM: "test,post-install"},
    ],
)
def test_a_hook_that_runs_stays_among_the_objects(annotations: dict[str, str]) -> None:
    """GIVEN a hook, THEN it is there for its phase, whether or not an object has the same name."""
    assert [_hook(**annotations), _config("a")] == _accept(_hook(**annotations), _config("a"))


def test_a_hook_may_leave_its_name_to_its_run() -> None:
    """GIVEN a hook with only a generateName, THEN it is accepted."""
    hook = _config(metadata={"generateName": "migrate-", "annotations": {ARGO: "PreSync"}})
    assert [hook] == _accept(hook)


def test_a_hook_with_a_wrong_weight_is_refused() -> None:
    """GIVEN a weight that is no number, THEN the error names place and annotation."""
    with pytest.raises(RenderError, match=r"^file\.yaml, document 1: .*helm\.sh/hook-weight"):
        _accept(_hook(**{HELM: "pre-install", "helm.sh/hook-weight": "first"}))


def test_what_helm_2_called_crd_install_is_an_object() -> None:
    """GIVEN Helm 2's annotation of CRDs, THEN it is applied like every other object."""
    definition = _hook(**{HELM: "crd-install"})
    assert [definition] == _accept(definition)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (_config("a"), _config("a", data={})),
        (_config("a"), _config(metadata={"name": "a", "namespace": "shop"})),
        (
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}},
            {"apiVersion": "apps/v1beta1", "kind": "Deployment", "metadata": {"name": "a"}},
        ),
    ],
)
def test_two_manifests_for_one_object_are_told(first: Any, second: Any) -> None:
    """The warning names both places, also where only one names the destination's namespace, and across versions."""
    documents = [(f"file.yaml, document {n}", each) for n, each in enumerate([first, second], 1)]
    objects, (warning,) = accept(documents, namespace="shop")
    assert (first, second) == objects
    assert re.match(
        r"file\.yaml, document 2: metadata\.name: \w+ (shop/)?a is already defined in file\.yaml, document 1, and the "
        "later one counts; remove",
        warning,
    )


def test_the_same_name_elsewhere_is_another_object() -> None:
    """Group, kind and namespace tell objects apart."""
    documents = [
        _config("a"),
        _config(metadata={"name": "a", "namespace": "other"}),
        {"apiVersion": "x/v1", "kind": "ConfigMap", "metadata": {"name": "a"}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}},
    ]
    assert documents == _accept(*documents)


def test_fields_of_the_server_go() -> None:
    """GIVEN what `kubectl get -o yaml` prints, THEN only what a user declares is left, and the input is unchanged."""
    servers: dict[str, Any] = {
        "creationTimestamp": None,
        "managedFields": [],
        "resourceVersion": "1",
        "uid": "u",
        "generation": 2,
    }
    document = _config(metadata={"name": "a", "labels": {"x": "y"}, **servers, "selfLink": "/"}, status={"a": 1})
    before = copy.deepcopy(document)
    assert [_config(metadata={"name": "a", "labels": {"x": "y"}})] == _accept(document)
    assert before == document


def test_string_data_becomes_data() -> None:
    """GIVEN both, THEN stringData wins, as on the server."""
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}
    given = {**secret, "data": {"a": "b2xk", "b": "Yg=="}, "stringData": {"a": "grüße", "c": None}}
    expected = {"a": base64.b64encode("grüße".encode()).decode(), "b": "Yg==", "c": ""}
    assert [{**secret, "data": expected}] == _accept(given)
    assert [secret] == _accept({**secret, "stringData": None})


@pytest.mark.parametrize(
    "fields", [{"stringData": {"password": 12345}}, {"data": [], "stringData": {"password": "12345"}}]
)
def test_a_secret_that_can_not_be_converted_is_refused_without_its_value(fields: dict[str, Any]) -> None:
    """The error names the key and keeps the value to itself."""
    with pytest.raises(RenderError) as raised:
        _accept({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, **fields})
    assert "12345" not in str(raised.value)


def test_a_manifest_of_5_mb_is_refused() -> None:
    """GIVEN more than etcd takes, THEN the error names the object, its size and the limit."""
    with pytest.raises(RenderError, match=r"document 1: ConfigMap a is 5\.0 MB as JSON; .* at most 1\.5 MB.*split it"):
        _accept(_config("a", data={"k": "x" * 5_000_000}))


def test_too_much_together_is_refused() -> None:
    """GIVEN objects that are fine one by one, THEN there is a limit to all of them."""
    with pytest.raises(RenderError, match="exceed 32 MiB together"):
        _accept(*(_config(f"c{number}", data={"k": "x" * 1_400_000}) for number in range(25)))


@pytest.mark.parametrize("value", ["\ud800", 2**70])
def test_what_json_can_not_hold_is_refused(value: Any) -> None:
    """Lone surrogates and huge integers don't get as far as the API server."""
    with pytest.raises(RenderError, match="can't be written as JSON"):
        _accept(_config("a", data={"k": value}))
