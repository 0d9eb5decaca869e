"""Options of applications and of single objects: what is read, who wins, what is only a warning."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from mooring.errors import ConfigurationError
from mooring.model.application import Application, Parsed, parse_application
from mooring.model.objectoptions import ObjectOptions, read_object_options
from mooring.model.options import NamespaceMetadata

APPLICATION: dict[str, Any] = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "Application",
    "metadata": {"name": "shop"},
    "spec": {
        "source": {"repoURL": "https://git.test/acme/shop", "path": "k8s"},
        "destination": {"name": "in-cluster", "namespace": "shop"},
    },
}


def parsed(*options: str, annotations: dict[str, str] | None = None, **policy: Any) -> Parsed:
    """The application with these sync options, annotations and further fields of its sync policy."""
    document = copy.deepcopy(APPLICATION)
    document["metadata"]["annotations"] = annotations or {}
    document["spec"]["syncPolicy"] = {"syncOptions": list(options), **policy}
    return parse_application(document)


def application(*options: str, **rest: Any) -> Application:
    """As `parsed`, where nothing is to be warned of."""
    found = parsed(*options, **rest)
    assert () == found.warnings
    return found.application


def options(defaults: ObjectOptions = ObjectOptions(), **annotations: str) -> ObjectOptions:
    """The options of an object with these annotations of `argocd.argoproj.io/`."""
    named = {f"argocd.argoproj.io/{name.replace('_', '-')}": value for name, value in annotations.items()}
    return read_object_options({"metadata": {"name": "x", "annotations": named}}, defaults)


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("Prune=false", ObjectOptions(prune="false")),
        ("Prune=confirm", ObjectOptions(prune="confirm")),
        ("Delete=false", ObjectOptions(delete="false")),
        ("Delete=confirm", ObjectOptions(delete="confirm")),
        ("Delete=true", ObjectOptions(delete="true")),
        ("Validate=false", ObjectOptions(validate=False)),
        ("Replace=true", ObjectOptions(replace=True)),
        ("Force=true", ObjectOptions(force=True)),
        ("PruneLast=true", ObjectOptions(prune_last=True)),
        ("ServerSideApply=true", ObjectOptions()),
        ("ServerSideApply=false", ObjectOptions()),
        ("SkipDryRunOnMissingResource=true", ObjectOptions()),
        ("ApplyOutOfSyncOnly=true", ObjectOptions()),
    ],
)
def test_an_option_means_the_same_for_all_objects_and_for_one(option: str, expected: ObjectOptions) -> None:
    """GIVEN an option WHEN an application or an object sets it THEN the same holds for the object."""
    assert expected == application(option).options.objects
    assert expected == options(sync_options=option)


def test_an_object_wins_over_its_application() -> None:
    """GIVEN options of an application WHEN an object says otherwise THEN the object's hold, and the rest stays."""
    defaults = application("Prune=false", "Replace=true", "PruneLast=true").options.objects
    assert ObjectOptions(prune="true", replace=False, force=True, prune_last=True) == options(
        defaults, sync_options=" Prune=true , Replace=false,Force=true "
    )


def test_other_annotations_of_objects() -> None:
    """GIVEN compare-options, ignore-healthcheck and Helm's resource policy WHEN read THEN each is understood."""
    assert ObjectOptions(ignore_extraneous=True) == options(compare_options="IgnoreExtraneous")
    assert ObjectOptions() == options(compare_options="ServerSideDiff=true,IncludeMutationWebhook=true")
    assert ObjectOptions(ignore_health=True) == options(ignore_healthcheck="true")
    assert ObjectOptions() == options(ignore_healthcheck="false")
    kept = {"metadata": {"annotations": {"helm.sh/resource-policy": "keep"}}}
    assert ObjectOptions(keep=True) == read_object_options(kept, ObjectOptions())


@pytest.mark.parametrize("annotations", [None, {}, {"argocd.argoproj.io/sync-options": 5}, {"other": "x"}])
def test_objects_that_say_nothing_have_their_applications_options(annotations: Any) -> None:
    """GIVEN no annotations, or none that can be read, WHEN read THEN the application's options hold."""
    defaults = ObjectOptions(prune="false")
    assert defaults == read_object_options({"metadata": {"annotations": annotations}}, defaults)


def test_unknown_options_of_objects_are_warnings() -> None:
    """GIVEN options that nobody knows WHEN read THEN they change nothing and each is a warning."""
    found = options(sync_options="Fast=true,Prune=maybe,Replace", compare_options="Ignore")
    assert (
        "argocd.argoproj.io/sync-options: unknown option 'Fast=true', ignored",
        "argocd.argoproj.io/sync-options: unknown option 'Prune=maybe', ignored",
        "argocd.argoproj.io/sync-options: unknown option 'Replace', ignored",
        "argocd.argoproj.io/compare-options: unknown option 'Ignore', ignored",
    ) == found.warnings
    assert ("", False) == (found.prune, found.replace)


@pytest.mark.parametrize("option", ["Prune=no", "Delete=", "Validate=0", "Replace=yes", "Force=confirm", "PruneLast"])
def test_wrong_values_for_an_application_are_errors(option: str) -> None:
    """GIVEN a known option with a value that it doesn't take WHEN an application sets it THEN the error names it."""
    with pytest.raises(ConfigurationError) as caught:
        parsed(option)
    assert "spec.syncPolicy.syncOptions[0]" == caught.value.field


def test_shared_resources_may_fail_a_sync() -> None:
    """GIVEN FailOnSharedResource WHEN read THEN it is set, and off by default."""
    assert application("FailOnSharedResource=true").options.fail_on_shared_resource
    assert not application().options.fail_on_shared_resource


def test_migration_from_client_side_apply_may_be_off() -> None:
    """GIVEN ClientSideApplyMigration WHEN read THEN it is as said, and on by default (Argo CD, "Sync Options")."""
    assert application().options.client_side_apply_migration
    assert application("ClientSideApplyMigration=true").options.client_side_apply_migration
    assert not application("ClientSideApplyMigration=false").options.client_side_apply_migration


def test_namespace_metadata() -> None:
    """GIVEN managedNamespaceMetadata WHEN read THEN it is there with CreateNamespace, and a warning without."""
    metadata = {"labels": {"team": "a"}, "annotations": {"note": "b"}}
    found = application("CreateNamespace=true", managedNamespaceMetadata=metadata)
    assert NamespaceMetadata({"team": "a"}, {"note": "b"}) == found.options.namespace
    assert application(managedNamespaceMetadata={}).options.namespace is None
    (warning,) = parsed(managedNamespaceMetadata=metadata).warnings
    assert "CreateNamespace=true" in warning


def test_marks_of_an_application() -> None:
    """GIVEN the annotations of an Application WHEN read THEN skip, refresh and the time of approval are known."""
    prefix = "argocd.argoproj.io/"
    marks = application(
        annotations={
            f"{prefix}skip-reconcile": "true",
            f"{prefix}refresh": "hard",
            f"{prefix}deletion-approved": "1970-01-02T00:00:00Z",
        }
    ).marks
    assert (True, True, 86400.0) == (marks.skip, marks.refresh, marks.approved)
    assert not application(annotations={f"{prefix}skip-reconcile": "false"}).marks.skip


def test_an_approval_without_a_time_is_none() -> None:
    """GIVEN an approval that is no time WHEN read THEN nothing is approved and a warning says so."""
    found = parsed(annotations={"argocd.argoproj.io/deletion-approved": "yes"})
    assert 0.0 == found.application.marks.approved
    assert ("metadata.annotations[argocd.argoproj.io/deletion-approved]: 'yes' is no RFC 3339 time, ignored",) == (
        found.warnings
    )
