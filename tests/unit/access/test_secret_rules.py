"""The annotation `mooring.dev/secrets` of a project: read strictly, and what each rule decides."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from mooring.access.parsing import built_in, parse_project
from mooring.access.project import Project, Refusal
from mooring.access.secretrules import (
    SECRETS_ANNOTATION,
    SecretRules,
    keys_allowed,
    pushes_allowed,
    roles_allowed,
    seal_allowed,
    store_allowed,
)
from mooring.errors import ConfigurationError

AT = f"metadata.annotations[{SECRETS_ANNOTATION}]"
ROLE = "arn:aws:iam::111122223333:role/"


def project(text: Any) -> Project:
    annotation = text if isinstance(text, str) else yaml.safe_dump(text)
    metadata = {"name": "team", "annotations": {SECRETS_ANNOTATION: annotation}}
    return parse_project(
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": metadata, "spec": {}}
    ).project


def field_of(refusal: Refusal | None) -> str | None:
    return None if refusal is None else refusal.field.removeprefix(f"{AT}.")


@pytest.mark.parametrize("asked", [built_in(), project({})])
def test_what_is_not_spoken_of_is_permitted(asked: Project) -> None:
    """GIVEN no annotation, or one that says nothing THEN everything is permitted, as before."""
    assert [None] * 4 == [
        store_allowed(asked, "ClusterSecretStore", "", "any"),
        keys_allowed(asked, "SecretsManager", ["any"]),
        roles_allowed(asked, [f"{ROLE}any"], "a store"),
        seal_allowed(asked, "cluster-wide"),
    ]
    assert asked.secrets in (None, SecretRules())


def test_stores_are_permitted_by_kind_namespace_and_name() -> None:
    """GIVEN rules for stores WHEN one is used THEN a single rule has to fit in all that it names."""
    asked = project({"stores": [{"kind": "SecretStore", "namespace": "pay-*"}, {"name": "shared"}]})
    assert [None, None, "stores", "stores"] == [
        field_of(store_allowed(asked, "SecretStore", "pay-eu", "aws")),
        field_of(store_allowed(asked, "ClusterSecretStore", "", "shared")),
        field_of(store_allowed(asked, "SecretStore", "shop", "aws")),
        field_of(store_allowed(asked, "ClusterSecretStore", "", "aws")),
    ]


@pytest.mark.parametrize(
    ("expected", "provider", "key"),
    [
        (None, "SecretsManager", "prod/team-a/db"),
        (None, "SecretsManager", "prod/team-a/deep/db"),
        ("keys.SecretsManager", "SecretsManager", "prod/team-a/root"),
        ("keys.SecretsManager", "SecretsManager", "prod/team-b/db"),
        ("keys.SecretsManager", "SecretsManager", "arn:aws:secretsmanager:eu:1:secret:prod/team-a/db"),
        ("keys.ParameterStore", "ParameterStore", "prod/team-a/db"),
    ],
)
def test_keys_are_permitted_by_provider(expected: str | None, provider: str, key: str) -> None:
    """GIVEN patterns of keys WHEN one is read THEN one fits, no denial does; a provider without patterns gives none."""
    asked = project({"keys": {"SecretsManager": ["prod/team-a/*", "!*/root"]}})
    assert expected == field_of(keys_allowed(asked, provider, [key]))


@pytest.mark.parametrize(
    ("expected", "provider", "key"),
    [
        (
            "keys.SecretsManager",
            "SecretsManager",
            "arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod/db-AbCdEf",
        ),
        ("keys.SecretsManager", "SecretsManager", "arn:aws:secretsmanager:eu-central-1:111122223333:secret:prod/db"),
        (None, "SecretsManager", "arn:aws:secretsmanager:eu-central-1:111122223333:secret:test/db-AbCdEf"),
        ("keys.ParameterStore", "ParameterStore", "arn:aws:ssm:eu-central-1:111122223333:parameter/prod/db"),
        ("keys.ParameterStore", "ParameterStore", "arn:aws:ssm:eu-central-1:111122223333:parameter/root"),
        (None, "ParameterStore", "arn:aws:ssm:eu-central-1:111122223333:parameter/test/db"),
    ],
)
def test_a_denied_name_is_denied_as_an_arn_too(expected: str | None, provider: str, key: str) -> None:
    """GIVEN names that are denied WHEN the same secret is named by its ARN THEN it is denied."""
    asked = project({"keys": {"SecretsManager": ["*", "!prod/db"], "ParameterStore": ["*", "!/prod/*", "!root"]}})
    assert expected == field_of(keys_allowed(asked, provider, [key]))


def test_a_refusal_names_project_rule_and_what_was_asked_for() -> None:
    """GIVEN a key that is not permitted THEN the words say all; those that a search has found are not named."""
    asked = project({"keys": {"SecretsManager": ["a/*"]}})
    named = str(keys_allowed(asked, "SecretsManager", ["a/1", "b/2"]))
    for part in ("'team'", f"({AT}.keys.SecretsManager)", "'b/2'", "permitted: a/*"):
        assert part in named
    found = str(keys_allowed(asked, "SecretsManager", ["a/1", "b/2"], found=True))
    assert "1 of the 2 keys" in found
    assert "b/2" not in found


def test_roles_scopes_and_empty_lists() -> None:
    """GIVEN rules for roles and scopes WHEN asked THEN every role has to fit; an empty list permits nothing."""
    asked = project({"roles": [f"{ROLE}pay-*"], "sealedSecrets": ["strict"], "stores": []})
    assert [None, "roles", None, "sealedSecrets", "stores"] == [
        field_of(roles_allowed(asked, [f"{ROLE}pay-a", f"{ROLE}pay-b"], "a store")),
        field_of(roles_allowed(asked, [f"{ROLE}pay-a", f"{ROLE}admin"], "a store")),
        field_of(seal_allowed(asked, "strict")),
        field_of(seal_allowed(asked, "cluster-wide")),
        field_of(store_allowed(asked, "SecretStore", "shop", "aws")),
    ]


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (AT, "[]"),
        (AT, "a: ["),
        (AT, "store: []"),
        (AT, "stores: [{kid: a}]"),
        (f"{AT}.stores", "stores:"),
        (f"{AT}.stores", "stores: {}"),
        (f"{AT}.stores[0].name", "stores: [{name: '[a'}]"),
        (f"{AT}.keys", "keys: [a]"),
        (f"{AT}.keys.Secretsmanager", "keys: {Secretsmanager: ['a/*']}"),
        (f"{AT}.keys.SecretsManager", "keys: {SecretsManager: 'a/*'}"),
        (f"{AT}.keys.SecretsManager[0]", "keys: {SecretsManager: ['{a']}"),
        (f"{AT}.roles[0]", "roles: ['[a']"),
        (f"{AT}.sealedSecrets[0]", "sealedSecrets: [wide]"),
        (f"{AT}.sopsKeys[0]", "sopsKeys: ['[a']"),
        (f"{AT}.sopsRole", "sopsRole: payments"),
    ],
)
def test_what_can_not_be_read_is_refused(field: str, text: str) -> None:
    """GIVEN a rule that nobody could obey WHEN the project is declared THEN it is refused at its path."""
    with pytest.raises(ConfigurationError) as caught:
        project(text)
    assert field == caught.value.field


@pytest.mark.parametrize(
    ("patterns", "permitted"), [(["shop/*"], True), (["shop/*", "!shop/db"], False), (["bank/*"], False), ([], False)]
)
def test_pushes_are_permitted_by_name(patterns: list[str], permitted: bool) -> None:
    """GIVEN `pushSecrets` WHEN a secret is pushed THEN a glob has to fit its whole name, and no denial may."""
    asked = project({"pushSecrets": patterns})
    refusal = pushes_allowed(asked, "shop/db")
    assert (None if permitted else "pushSecrets") == field_of(refusal)
    assert keys_allowed(asked, "SecretsManager", ["shop/db"]) is None
