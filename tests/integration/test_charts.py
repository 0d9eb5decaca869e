"""Charts from real servers on loopback: what is asked of them, who is told what, and what is never unpacked."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import tarfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from mooring.errors import ConfigurationError, ForbiddenError, ThrottledError, UnreachableError
from mooring.source import GoKit
from mooring.source.charts import Charts, Version
from mooring.source.charts_credentials import ChartCredential, longest_place
from tests.doubles.chartserver import ChartServer, write_chart
from tests.doubles.ociregistry import OciRegistry

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CHART_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


class Stored:
    """Credentials that a test hands over; `fresh` ones are found only when asked for as they are now."""

    def __init__(self, *credentials: ChartCredential, fresh: tuple[ChartCredential, ...] = ()) -> None:
        self.now = {each.url: each for each in credentials}
        self.fresh = {each.url: each for each in fresh}

    def find(self, url: str, *, fresh: bool = False) -> ChartCredential | None:
        known = self.now | (self.fresh if fresh else {})
        address = longest_place(known, url)
        return known[address] if address else None

    def named(self, name: str) -> str | None:
        return None


Make = Callable[..., Charts]


@pytest.fixture
def make(tools: Mapping[str, Path], tmp_path: Path) -> Make:
    def make(*credentials: ChartCredential, fresh: tuple[ChartCredential, ...] = (), **settings: float) -> Charts:
        store = Stored(*credentials, fresh=fresh)
        return Charts(tmp_path / "kept", store, gokit=GoKit(str(tools["gokit"])), **settings)  # type: ignore[arg-type]

    return make


@pytest.fixture
def server(tools: Mapping[str, Path], tmp_path: Path) -> Iterator[ChartServer]:
    """A repository with a few versions of `web`."""
    with ChartServer(tmp_path / "served", tools["helm"]) as server:
        versions = ("1.0.0", "1.2.0", "1.10.0", "2.0.0-rc.1")
        server.publish(*(write_chart(tmp_path / version, "web", version) for version in versions))
        yield server


@pytest.fixture
def registry() -> Iterator[OciRegistry]:
    """An empty registry that asks for a token, and has short pages."""
    with OciRegistry(asks="bearer", page=2) as registry:
        yield registry


def _robot(registry: OciRegistry) -> ChartCredential:
    return ChartCredential(registry.host, username="robot", password="s3cret", oci=True, plain=True)


def _basic(server: ChartServer) -> ChartCredential:
    credential = ChartCredential(server.url, username="u", password="s3cret")
    server.authorization = credential.authorization
    return credential


def _versions(found: Mapping[str, Version | ConfigurationError]) -> dict[str, str]:
    return {name: each.version if isinstance(each, Version) else str(each.field) for name, each in found.items()}


def _archive(*files: tuple[str, str]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, text in files:
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return out.getvalue()


def test_ranges_are_answered_by_one_request(server: ChartServer, make: Make) -> None:
    """Pre-releases count only where a range names one; `1.2` is the newest of its kind, as for Helm."""
    charts = make()
    wanted = {"^1": "1.10.0", "1.2": "1.2.0", "*": "1.10.0", ">=2.0.0-0": "2.0.0-rc.1"}
    none = dict.fromkeys((">=2", "main", "HEAD"), "spec.source.targetRevision")
    assert wanted | none == _versions(charts.resolve(server.url, "web", [*wanted, *none]))
    assert {"*": "spec.source.chart"} == _versions(charts.resolve(f"{server.url}/", "absent", ["*"]))
    assert [("/index.yaml", 200)] == server.taken()


def test_an_unchanged_index_costs_a_conditional_request(server: ChartServer, make: Make, tmp_path: Path) -> None:
    """GIVEN another function instance with the same folder, THEN the server is asked whether anything has changed."""
    make().resolve(server.url, "web", ["*"])
    assert {"*": "1.10.0"} == _versions(make().resolve(server.url, "web", ["*"]))
    server.publish(write_chart(tmp_path / "new", "web", "1.11.0"))
    assert {"*": "1.11.0"} == _versions(make().resolve(server.url, "web", ["*"]))
    assert [200, 304, 200] == [status for _, status in server.taken()]


def test_an_exact_version_is_asked_for_when_it_is_fetched(server: ChartServer, make: Make) -> None:
    """No request to resolve it, two to fetch it, and none ever after."""
    charts = make()
    assert {"1.2.0": "1.2.0", "9.9.9": "9.9.9"} == _versions(charts.resolve(server.url, "web", ["1.2.0", "9.9.9"]))
    assert [] == server.taken()
    folder = charts.fetched(server.url, "web", "1.2.0")
    assert ["Chart.yaml", "templates", "values.yaml"] == sorted(os.listdir(folder))
    assert folder == charts.fetched(server.url, "web", charts.resolve(server.url, "web", ["1.2.0"])["1.2.0"])  # type: ignore[arg-type]
    assert [("/index.yaml", 200), ("/web-1.2.0.tgz", 200)] == server.taken()
    with pytest.raises(ConfigurationError, match=r"has no version 9\.9\.9"):
        charts.fetched(server.url, "web", "9.9.9")


@pytest.mark.parametrize("wrong", ["nothing", "another"])
def test_a_refused_credential_is_told(server: ChartServer, make: Make, wrong: str) -> None:
    """None or a wrong one is an error without any secret; one that was corrected meanwhile is used at once."""
    good = _basic(server)
    old = [ChartCredential(server.url, username="u", password="0ld")] if wrong == "another" else []
    with pytest.raises(ForbiddenError) as raised:
        make(*old).resolve(server.url, "web", ["*"])
    assert "0ld" not in str(raised.value)
    assert {"*": "1.10.0"} == _versions(make(*old, fresh=(good,)).resolve(server.url, "web", ["*"]))


def test_a_credential_goes_to_no_other_host(
    server: ChartServer, make: Make, tools: Mapping[str, Path], tmp_path: Path
) -> None:
    """GIVEN archives elsewhere, THEN only passCredentials takes the credential there."""
    good = _basic(server)
    with ChartServer(tmp_path / "elsewhere", tools["helm"], authorization=good.authorization) as other:
        other.publish(write_chart(tmp_path / "x", "web", "3.0.0"))
        (server.root / "web-3.0.0.tgz").write_bytes((other.root / "web-3.0.0.tgz").read_bytes())
        server.publish(url=other.url)
        charts = make(good)
        with pytest.raises(ForbiddenError, match="lies on another host, .*passCredentials"):
            charts.fetched(server.url, "web", "3.0.0")
        assert [""] == [each.authorization for each in other.requests]
        assert charts.fetched(server.url, "web", "3.0.0", pass_credentials=True).is_dir()


def test_redirects_are_followed_without_the_credential(
    server: ChartServer, make: Make, tools: Mapping[str, Path], tmp_path: Path
) -> None:
    """A redirect to another port is another host; one into the machine under another name is refused."""
    good = _basic(server)
    with ChartServer(tmp_path / "elsewhere", tools["helm"]) as other:
        other.publish(write_chart(tmp_path / "1.2.0", "web", "1.2.0"))
        (other.root / "web-1.2.0.tgz").write_bytes((server.root / "web-1.2.0.tgz").read_bytes())
        server.redirects = {
            "/web-1.2.0.tgz": f"{other.url}/web-1.2.0.tgz",
            "/web-1.0.0.tgz": f"http://localhost:{other.port}/web-1.0.0.tgz",
        }
        charts = make(good)
        assert charts.fetched(server.url, "web", "1.2.0").is_dir()
        assert [""] == [each.authorization for each in other.requests]
        with pytest.raises(ConfigurationError, match="sends us to localhost"):
            charts.fetched(server.url, "web", "1.0.0")


@pytest.mark.parametrize("how", ["hanging", "dribbling"])
def test_a_server_that_takes_too_long_is_left(server: ChartServer, make: Make, how: str) -> None:
    """Neither silence nor single bytes keep us longer than the limit."""
    getattr(server, how).add("/index.yaml")
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:\d+/index\.yaml"):
        make(timeout=0.5).resolve(server.url, "web", ["*"])


@pytest.mark.parametrize(
    ("status", "error"),
    [(500, UnreachableError), (404, ConfigurationError), (429, ThrottledError), (418, ConfigurationError)],
)
def test_refusals_have_their_family(server: ChartServer, make: Make, status: int, error: type[Exception]) -> None:
    """What may pass by itself is tried again, what won't is told."""
    server.statuses["/index.yaml"] = status
    with pytest.raises(error, match="the index of "):
        make().resolve(server.url, "web", ["*"])


def test_an_archive_without_its_digest_is_not_used(server: ChartServer, make: Make) -> None:
    """GIVEN other bytes than the index promises, THEN nothing is unpacked."""
    (server.root / "web-1.2.0.tgz").write_bytes((server.root / "web-1.0.0.tgz").read_bytes())
    with pytest.raises(ConfigurationError, match="does not have the digest that the index promises"):
        make().fetched(server.url, "web", "1.2.0")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([("web/Chart.yaml", "a"), ("web/../../evil", "x")], "outside of its folder"),
        ([("/evil", "x")], "outside of its folder"),
        ([("web/templates", "x"), ("web/templates/a", "x")], "a file and a folder of one name"),
        ([("web/values.yaml", "x")], r"holds no Chart\.yaml"),
        ([("web/big", "0" * (6 << 20))], "a file of more than 5 MiB"),
        ([(f"web/{index}", "0" * (5 << 20)) for index in range(21)], "unpacks to more than 100 MiB"),
    ],
)
def test_an_archive_that_would_do_harm_is_refused(
    server: ChartServer, make: Make, tmp_path: Path, files: list[tuple[str, str]], message: str
) -> None:
    """GIVEN paths that climb, collide or are too much, THEN the error says so and nothing lies outside."""
    (server.root / "evil-1.0.0.tgz").write_bytes(_archive(*files))
    index = {"entries": {"web": [{"version": "1.0.0", "urls": ["evil-1.0.0.tgz"]}]}}
    (server.root / "index.yaml").write_text(json.dumps(index))
    with pytest.raises(ConfigurationError, match=message):
        make().fetched(server.url, "web", "1.0.0")
    assert [] == list(tmp_path.rglob("evil"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_refused(server: ChartServer, make: Make, kind: bytes) -> None:
    """A chart has files and folders only."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        member = tarfile.TarInfo("web/link")
        member.type, member.linkname = kind, "/etc/passwd"
        tar.addfile(member)
    (server.root / "web-1.0.0.tgz").write_bytes(out.getvalue())
    index = {"entries": {"web": [{"version": "1.0.0", "urls": ["web-1.0.0.tgz"]}]}}
    (server.root / "index.yaml").write_text(json.dumps(index))
    with pytest.raises(ConfigurationError, match="holds a link or a device"):
        make().fetched(server.url, "web", "1.0.0")


def test_an_index_that_unpacks_without_end_is_refused(server: ChartServer, make: Make, tmp_path: Path) -> None:
    """GIVEN an archive of zeros, THEN it is left at the limit; truncated ones are told as unreadable."""
    (server.root / "web-1.0.0.tgz").write_bytes(gzip.compress(bytes(200 << 20), 1))
    (server.root / "web-1.2.0.tgz").write_bytes(_archive(("web/Chart.yaml", "a"))[:30])
    entries = [{"version": each, "urls": [f"web-{each}.tgz"]} for each in ("1.0.0", "1.2.0")]
    (server.root / "index.yaml").write_text(json.dumps({"entries": {"web": entries}}))
    charts = make()
    for version in ("1.0.0", "1.2.0"):
        with pytest.raises(ConfigurationError, match=r"archive|holds no Chart\.yaml"):
            charts.fetched(server.url, "web", version)


def _pushed(registry: OciRegistry, tools: Mapping[str, Path], tmp_path: Path, *versions: str) -> Mapping[str, str]:
    """Pushes versions of `web` with the real Helm; returns the environment that it is logged in with."""
    home = {**os.environ, "HOME": str(tmp_path), "HELM_REGISTRY_CONFIG": str(tmp_path / "login.json")}
    login = ["registry", "login", "--plain-http", "-u", "robot", "--password-stdin", registry.host]
    subprocess.run([tools["helm"], *login], input=b"s3cret", check=True, capture_output=True, env=home)
    for version in versions:
        chart = write_chart(tmp_path / f"oci-{version}", "web", version)
        subprocess.run([tools["helm"], "package", chart, "-d", tmp_path], check=True, capture_output=True, env=home)
        push = ["push", "--plain-http", tmp_path / f"web-{version}.tgz", f"oci://{registry.host}/charts"]
        subprocess.run([tools["helm"], *push], check=True, capture_output=True, env=home)
    return home


def test_charts_that_helm_pushed_are_found_and_fetched(
    registry: OciRegistry, make: Make, tools: Mapping[str, Path], tmp_path: Path
) -> None:
    """Tags come in pages, `+` is `_`, a token is asked for once; the files are those that `helm pull` gets."""
    home = _pushed(registry, tools, tmp_path, "1.0.0", "1.2.0", "1.3.0+build.5", "2.0.0-rc.1")
    charts = make(_robot(registry))
    registry.taken()
    url = f"oci://{registry.host}/charts"
    assert {"1.x": "1.3.0+build.5", "1.0": "1.0.0"} == _versions(charts.resolve(url, "web", ["1.x", "1.0"]))
    asked = [(path.rpartition("/")[2], status) for _, path, status in registry.taken()]
    assert [("list", 401), ("token", 200), ("list", 200), ("list", 200)] == asked
    folder = charts.fetched(f"{registry.host}/charts", "web", "1.3.0+build.5")
    assert ["manifests", "blobs"] == [path.split("/")[4] for _, path, _ in registry.taken()]
    pull = ["pull", "--plain-http", f"{url}/web", "--version", "1.3.0+build.5", "--untar", "-d", tmp_path / "pulled"]
    subprocess.run([tools["helm"], *pull], check=True, capture_output=True, env=home)
    assert (
        ""
        == subprocess.run(
            ["diff", "-r", tmp_path / "pulled" / "web", folder], check=False, capture_output=True, text=True
        ).stdout
    )
    registry.taken()
    assert folder == charts.fetched(url, "web", "1.3.0+build.5")
    assert [] == registry.taken()
    found = charts.resolve(url, "web", ["9.x"])["9.x"]
    assert isinstance(found, ConfigurationError)


@pytest.mark.parametrize("asks", ["bearer", "basic", ""])
def test_registries_ask_in_their_own_ways(make: Make, asks: str) -> None:
    """A token, a password, or nothing; without a credential the error says what is missing."""
    with OciRegistry(asks=asks) as registry:
        registry.put("charts/web", "1.0.0", _archive(("web/Chart.yaml", "name: web")), media_type=CHART_LAYER)
        url = f"{registry.host}/charts"
        assert make(_robot(registry)).fetched(url, "web", "1.0.0").is_dir()
        anonymous = ChartCredential(registry.host, oci=True, plain=True)
        if asks:
            with pytest.raises(ForbiddenError, match="a credential is asked for and none is stored"):
                make(anonymous).resolve(url, "web", ["*"])
        else:
            assert {"*": "1.0.0"} == _versions(make(anonymous).resolve(url, "web", ["*"]))


def test_blobs_elsewhere_get_no_credential(make: Make, tools: Mapping[str, Path], tmp_path: Path) -> None:
    """GIVEN a registry that keeps its blobs in an object store, THEN the store sees no header of ours."""
    body = _archive(("web/Chart.yaml", "name: web"))
    with OciRegistry(asks="bearer") as registry, ChartServer(tmp_path / "store", tools["helm"]) as store:
        registry.put("charts/web", "1.0.0", body, media_type=CHART_LAYER)
        for digest, content in registry.blobs.items():
            (store.root / digest).write_bytes(content)
        registry.redirect = store.url
        assert make(_robot(registry)).fetched(f"{registry.host}/charts", "web", "1.0.0").is_dir()
        assert [""] == [each.authorization for each in store.requests]


def test_wrong_bytes_of_a_registry_are_not_used(registry: OciRegistry, make: Make) -> None:
    """Manifest and archive have to have the digests that name them."""
    registry.put("charts/web", "1.0.0", _archive(("web/Chart.yaml", "x")), media_type=CHART_LAYER)
    (digest,) = [each for each, content in registry.blobs.items() if content != b"{}"]
    registry.blobs[digest] = _archive(("web/Chart.yaml", "evil"))
    with pytest.raises(UnreachableError, match="does not have the digest"):
        make(_robot(registry)).fetched(f"{registry.host}/charts", "web", "1.0.0")


def test_manifests_in_a_registry_are_a_source_without_a_chart(registry: OciRegistry, make: Make) -> None:
    """GIVEN one layer of files and a tag that moves, THEN the tag resolves to a digest, and the files are the folder."""
    url = f"oci://{registry.host}/team/manifests"
    first = registry.put("team/manifests", "latest", _archive(("k8s/a.yaml", "a: 1")), media_type=LAYER)
    charts = make(_robot(registry))
    found = charts.resolve(url, "", ["latest"])["latest"]
    assert isinstance(found, Version)
    assert first == found.version
    assert "a: 1" == (charts.fetched(url, "", found) / "k8s/a.yaml").read_text()
    registry.put("team/manifests", "latest", _archive(("k8s/a.yaml", "a: 2")), media_type=LAYER)
    assert "a: 1" == (charts.fetched(url, "", first) / "k8s/a.yaml").read_text()
    later = charts.resolve(url, "", ["latest"])["latest"]
    assert isinstance(later, Version)
    assert "a: 2" == (charts.fetched(url, "", later) / "k8s/a.yaml").read_text()
    with pytest.raises(ConfigurationError, match="holds no Helm chart"):
        charts.fetched(f"oci://{registry.host}/team", "manifests", first)


def test_a_registry_that_hangs_is_left(make: Make) -> None:
    """Silence is no reason to wait for ever."""
    with OciRegistry(hanging=True) as registry, pytest.raises(UnreachableError, match="not in time"):
        make(_robot(registry), timeout=0.5).resolve(f"{registry.host}/charts", "web", ["*"])


def test_folders_make_room_for_others(server: ChartServer, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a limit and folders that nobody uses any more, THEN the oldest go, and come again when they are needed."""
    charts = make(limit=1)
    first = charts.fetched(server.url, "web", "1.0.0")
    charts.fetched(server.url, "web", "1.2.0")
    assert first.is_dir()
    monkeypatch.setattr("mooring.source.charts_archive._IN_USE", -1.0)
    charts.fetched(server.url, "web", "1.10.0")
    assert not first.exists()
    assert first == charts.fetched(server.url, "web", "1.0.0")
