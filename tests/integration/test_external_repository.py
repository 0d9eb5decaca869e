"""A repository as users of the External Secrets Operator have it (v1beta1), taken over as it is."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest
import yaml

from mooring.model.objects import ObjectKey
from mooring.source.gokit import GoKit
from tests.doubles.externalworld import ExternalWorld, content
from tests.doubles.installation import installation

# In the forms of external-secrets.io's guides: extract and rewrite, find by name, path and tags, templates out of a
# ConfigMap, a login to a registry, generators, Merge, Orphan, PushSecret, and all spellings of an interval.
REPOSITORY = r"""
apiVersion: external-secrets.io/v1beta1
kind: SecretStore
metadata: {name: aws}
spec:
  controller: dev
  refreshInterval: 30
  retrySettings: {maxRetries: 5, retryInterval: "10s"}
  provider:
    aws:
      service: SecretsManager
      region: eu-central-1
---
apiVersion: external-secrets.io/v1beta1
kind: ClusterSecretStore
metadata: {name: ssm}
spec:
  provider:
    aws: {service: ParameterStore, region: eu-central-1}
  conditions:
    - namespaceSelector: {matchLabels: {team: shop}}
    - namespaces: [shop]
---
apiVersion: external-secrets.io/v1beta1
kind: ExternalSecret
metadata: {name: rewritten}
spec:
  refreshInterval: 1h0m0s
  secretStoreRef: {name: aws, kind: SecretStore}
  target: {name: rewritten, creationPolicy: Owner, deletionPolicy: Retain}
  dataFrom:
    - extract: {key: db, conversionStrategy: Default, decodingStrategy: None, metadataPolicy: None}
      rewrite:
        - regexp: {source: "(.*)", target: "db_$1"}
        - regexp: {source: "[^a-zA-Z0-9_]", target: "_"}
---
apiVersion: external-secrets.io/v1beta1
kind: ExternalSecret
metadata: {name: tagged}
spec:
  refreshInterval: "0"
  secretStoreRef: {name: aws, kind: SecretStore}
  dataFrom:
    - find:
        tags: {env: prod}
        conversionStrategy: Unicode
---
apiVersion: external-secrets.io/v1beta1
kind: ExternalSecret
metadata: {name: named}
spec:
  refreshInterval: 0s
  secretStoreRef: {name: aws}
  dataFrom:
    - find:
        name: {regexp: "^app/.*"}
      rewrite:
        - transform: {template: '{{ .value | replace "/" "_" | upper }}'}
---
apiVersion: external-secrets.io/v1beta1
kind: ExternalSecret
metadata: {name: param}
spec:
  refreshInterval: 15m
  secretStoreRef: {kind: ClusterSecretStore, name: ssm}
  data:
    - secretKey: token
      remoteRef: {key: /shop/token}
    - secretKey: nested
      remoteRef: {key: /shop/json, property: a.b}
  dataFrom:
    - find: {path: /shop, name: {regexp: token}}
---
apiVersion: external-secrets.io/v1beta1
kind: ExternalSecret
metadata: {name: registry}
spec:
  refreshInterval: 1h
  secretStoreRef: {name: aws, kind: SecretStore}
  target:
    name: registry
    template:
      engineVersion: v2
      type: kubernetes.io/dockerconfigjson
      metadata: {annotations: {reloader.stakater.com/match: "true"}, labels: {app.kubernetes.io/part-of: shop}}
      data:
        .dockerconfigjson: |
          {"auths":{"ghcr.io":{"username":"{{ .username }}","password":"{{ .password }}","auth":"{{ printf "%s:%s" .username .password | b64enc }}"}}}
  data:
    - secretKey: username
      remoteRef: {key: db, property: username}
    - secretKey: password
      remoteRef: {key: db, property: password}
---
apiVersion: external-secrets.io/v1beta1
kind: ExternalSecret
metadata: {name: templated}
spec:
  secretStoreRef: {name: aws}
  target:
    name: templated
    creationPolicy: Orphan
    template:
      engineVersion: v2
      mergePolicy: Merge
      templateFrom:
        - configMap:
            name: tpl
            items:
              - key: config.yml
                templateAs: Values
              - {key: keys, templateAs: KeysAndValues}
        - target: Annotations
          literal: "a: b"
  data:
    - secretKey: password
      remoteRef: {key: db, property: password}
      sourceRef: {storeRef: {name: aws, kind: SecretStore}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: tpl}
data:
  config.yml: |
    password: {{ .password }}
  keys: |
    a-key: {{ .password | quote }}
---
apiVersion: generators.external-secrets.io/v1alpha1
kind: Password
metadata: {name: pw}
spec: {length: 42, digits: 5, symbols: 5, symbolCharacters: "-_$@", noUpper: false, allowRepeat: true}
---
apiVersion: generators.external-secrets.io/v1alpha1
kind: UUID
metadata: {name: id}
spec: {}
---
apiVersion: external-secrets.io/v1beta1
kind: ExternalSecret
metadata: {name: generated}
spec:
  refreshInterval: "30m"
  target: {name: generated}
  dataFrom:
    - sourceRef: {generatorRef: {apiVersion: generators.external-secrets.io/v1alpha1, kind: Password, name: pw}}
    - sourceRef: {generatorRef: {apiVersion: generators.external-secrets.io/v1alpha1, kind: UUID, name: id}}
---
apiVersion: v1
kind: Secret
metadata: {name: base}
data: {own: b3du}
---
apiVersion: external-secrets.io/v1beta1
kind: ExternalSecret
metadata: {name: adds}
spec:
  refreshInterval: 1h
  secretStoreRef: {name: aws}
  target: {name: base, creationPolicy: Merge, deletionPolicy: Merge}
  data:
    - secretKey: added
      remoteRef: {key: db, property: password, version: AWSCURRENT}
---
apiVersion: external-secrets.io/v1alpha1
kind: PushSecret
metadata: {name: pushed}
spec:
  updatePolicy: Replace
  deletionPolicy: Delete
  refreshInterval: 10s
  secretStoreRefs: [{name: aws, kind: SecretStore}]
  selector: {secret: {name: base}}
  data:
    - match:
        secretKey: own
        remoteRef: {remoteKey: pushed-db, property: own}
"""


@pytest.fixture
def made(gokit: GoKit) -> Iterator[ExternalWorld]:
    with installation() as make:
        world = ExternalWorld(make(), gokit)
        tags = [{"Key": "env", "Value": "prod"}]
        world.secrets.create_secret(Name="db", SecretString='{"username":"ada","password":"hunter2"}', Tags=tags)
        world.secrets.create_secret(Name="app/one", SecretString="1", Tags=tags)
        world.secrets.create_secret(Name="app/two", SecretString="2")
        world.parameters.put_parameter(Name="/shop/token", Value="t", Type="SecureString")
        world.parameters.put_parameter(Name="/shop/json", Value='{"a":{"b":"c"}}', Type="SecureString")
        yield world


def test_a_repository_of_the_operators_users_is_taken_over(made: ExternalWorld) -> None:
    """GIVEN typical manifests WHEN synced THEN each Secret is as the operator makes it, and nothing is left to say."""
    world = made.world
    key = world.declare(automated={"prune": True, "selfHeal": True})
    world.push(key, *yaml.safe_load_all(REPOSITORY))
    made.sync(key)

    status = world.record(key).status
    assert ("Synced", ()) == (status.sync, status.conditions)
    assert {"Healthy"} == {each.health.status for each in status.resources if each.health is not None}
    expected = {
        "rewritten": {"db_username": "ada", "db_password": "hunter2"},
        "tagged": {"db": '{"username":"ada","password":"hunter2"}', "app_U002f_one": "1"},
        "named": {"APP_ONE": "1", "APP_TWO": "2"},
        "param": {"token": "t", "nested": "c", "_shop_token": "t"},
        "templated": {"password": "hunter2", "config.yml": "password: hunter2\n", "a-key": "hunter2"},
        "base": {"own": "own", "added": "hunter2"},
    }
    assert expected == {name: content(made.secret(name)) for name in expected}
    login = json.loads(content(made.secret("registry"))[".dockerconfigjson"])["auths"]["ghcr.io"]
    assert b"ada:hunter2" == base64.b64decode(login["auth"])
    assert {"password": 42, "uuid": 36} == {name: len(text) for name, text in content(made.secret("generated")).items()}
    types = [world.cluster.objects[ObjectKey("", "Secret", "shop", name)].get("type") for name in ("registry", "named")]
    assert ["kubernetes.io/dockerconfigjson", "Opaque"] == types
    pushed = made.secrets.get_secret_value(SecretId="pushed-db")["SecretBinary"]  # the format unless another is named
    assert {"own": "own"} == json.loads(pushed)
    # AND what has an interval is read again at the first of them, the rest never
    assert world.now + 10 == status.reopen_at
    made.later(10)
    made.sync(key)
    assert status.sync == world.record(key).status.sync
