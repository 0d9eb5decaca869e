"""SOPS files, made by the real sops and opened for renders: what is opened, from which keys, and what errors tell."""

from __future__ import annotations

import base64
import json
import os
import socket
import stat
import subprocess
import tempfile
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mooring.composition import Composition
from mooring.errors import ConfigurationError, DecryptError, ForbiddenError, MooringError, RenderError
from mooring.model.objects import Manifest
from mooring.model.source import HelmOptions, NamedText, Source
from mooring.render import RenderContext, Rendered, Tools, render
from mooring.render.outline import outline
from mooring.render.sops import SopsFile, SopsOpener, form_of

CONTEXT = RenderContext("shop", "shop", project="retail")
CANARY = "canary-6f0b2e91"
SECRET = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: db}}\nstringData: {{password: {CANARY}}}\n"
FORMS = {
    "a.yaml": f"# told\npassword: {CANARY}\nlist: [1, true, {{a: {CANARY}2}}]\n",
    "a.json": json.dumps({"password": CANARY, "n": 1.5}),
    "a.env": f"PASSWORD={CANARY}\nUSER=me\n",
    "a.ini": f"[db]\npassword = {CANARY}\n",
    "a.bin": f"\x00\x01{CANARY}",
}


class Sops:
    """Encrypts with the real program, for an age key of its own."""

    def __init__(self, tools: Mapping[str, Path], folder: Path) -> None:
        self.tools = tools
        self.identity, self.recipient = self.key()
        self._folder = folder
        self.kept = {"": self.identity}

    def key(self) -> tuple[str, str]:
        """A new identity and its recipient."""
        made = subprocess.run([self.tools["age-keygen"]], capture_output=True, text=True, check=True).stdout
        return made.strip().splitlines()[-1], made.partition("public key: ")[2].split()[0]

    def encrypt(self, name: str, text: str, *flags: str, env: Mapping[str, str] = {}) -> bytes:
        """A file of this name, encrypted for the age key unless flags name other keys."""
        file = self._folder / name.replace("/", "-")
        file.write_text(text)
        given = flags if any(flag in ("--age", "--kms", "--pgp", "--config") for flag in flags) else ()
        given = given or ("--age", self.recipient, *flags)
        command = [self.tools["sops"], "encrypt", *given, file]
        if "--config" in given:
            where = given.index("--config")
            command = [self.tools["sops"], *given[where : where + 2], "encrypt", file]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self._folder), **env}
        done = subprocess.run(command, capture_output=True, env=environment, check=False)
        assert 0 == done.returncode, done.stderr.decode()
        return done.stdout

    def opener(
        self, environment: Mapping[str, str] = {}, assume: Callable[[str], Mapping[str, str]] | None = None
    ) -> SopsOpener:
        """What opens files with the keys that are kept now."""
        return SopsOpener(
            str(self.tools["sopskit"]),
            lambda project: "\n".join((self.kept.get("", ""), self.kept.get(project, ""))),
            environment,
            assume,
        )


class Counted:
    """How often KMS was asked to decrypt, and where."""

    def __init__(self) -> None:
        self.number = 0
        self.url = ""
        self.callers: set[str] = set()


@contextmanager
def counting(behind: str) -> Iterator[Counted]:
    """An AWS endpoint that passes everything on and counts."""
    counted = Counted()

    class Passing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if self.headers.get("X-Amz-Target") == "TrentService.Decrypt":
                counted.number += 1
                counted.callers.add(self.headers["Authorization"].partition("Credential=")[2].partition("/")[0])
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name: value for name, value in self.headers.items() if name not in ("Host", "Accept-Encoding")}
            request = urllib.request.Request(f"{behind}{self.path}", body, headers, method="POST")
            with urllib.request.urlopen(request, timeout=30) as answer:
                content = answer.read()
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.headers["Content-Type"])
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing for each request."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Passing)
    counted.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield counted
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def sops(tools: Mapping[str, Path], tmp_path: Path) -> Sops:
    folder = tmp_path / "encrypting"
    folder.mkdir()
    return Sops(tools, folder)


@pytest.fixture
def rendering(tools: Mapping[str, Path], tmp_path: Path, sops: Sops) -> Callable[..., Rendered]:
    root = tmp_path / "checkout"

    def rendering(
        files: Mapping[str, str | bytes], path: str = "k8s", opener: SopsOpener | None = None, **options: Any
    ) -> Rendered:
        for name, content in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        before = {file: file.read_bytes() for file in root.rglob("*") if file.is_file()}
        source = Source("https://example.com/r.git", path, **options)
        programs = (str(tools[name]) for name in ("kustomize", "helm", "gokit"))
        found = Tools(*programs, sops=opener or sops.opener())
        try:
            return render(source, root, CONTEXT, found)
        finally:
            assert before == {file: file.read_bytes() for file in root.rglob("*") if file.is_file()}

    return rendering


@pytest.fixture(autouse=True)
def leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No render leaves a file behind."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield
    assert [] == [*folder.iterdir()]


def _value(secret: Manifest, name: str) -> str:
    return base64.b64decode(secret["data"][name]).decode()


@pytest.mark.parametrize("name", FORMS)
def test_every_format_opens_to_what_it_was(sops: Sops, name: str) -> None:
    """WHEN a file of any format is opened THEN it is what `sops decrypt` gives, and its values are known."""
    sealed = sops.encrypt(name, FORMS[name])
    form = form_of(name, sealed)
    assert form in ("yaml", "json", "dotenv", "ini", "binary")
    ((plain, values),) = sops.opener().open([SopsFile(name, form, sealed)], "retail")
    file = sops._folder / name
    file.write_bytes(sealed)
    real = subprocess.run(
        [sops.tools["sops"], "decrypt", file], capture_output=True, check=True, env={"SOPS_AGE_KEY": sops.identity}
    )
    assert real.stdout == plain
    assert any(CANARY in value for value in values)
    assert "" == form_of(name, plain)


def test_manifests_of_a_folder_are_opened(rendering: Callable[..., Rendered], sops: Sops) -> None:
    """GIVEN encrypted manifests among plain ones THEN the objects are whole, in order, and depend on the same path."""
    files = {
        "k8s/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
        "k8s/b.yaml": sops.encrypt("b.yaml", SECRET, "--encrypted-regex", "^(data|stringData)$"),
        "k8s/c.json": sops.encrypt(
            "c.json", json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "c"}})
        ),
    }
    rendered = rendering(files)
    assert ["a", "db", "c"] == [each["metadata"]["name"] for each in rendered.objects]
    assert CANARY == _value(rendered.objects[1], "password")
    assert "sops" not in rendered.objects[1]
    assert ("k8s",) == rendered.depends
    assert rendered.opened
    assert not rendering({"plain/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"}, "plain").opened


def test_kustomize_reads_opened_files(rendering: Callable[..., Rendered], sops: Sops) -> None:
    """GIVEN encrypted files, envs and resources of an overlay and its base THEN kustomize gets them in plain."""
    files: dict[str, str | bytes] = {
        "apps/base/kustomization.yaml": "resources: [db.yaml]\n",
        "apps/base/db.yaml": sops.encrypt("db.yaml", SECRET, "--encrypted-regex", "^stringData$"),
        "apps/prod/kustomization.yaml": (
            "resources: [../base]\nnamePrefix: prod-\ngeneratorOptions: {disableNameSuffixHash: true}\n"
            "secretGenerator:\n- {name: env, envs: [keys/app.env]}\n- {name: tls, files: [key=keys/tls.key]}\n"
            "configMapGenerator:\n- {name: plain, files: [conf/plain.txt]}\n- {name: leak, envs: [keys/app.env]}\n"
        ),
        "apps/prod/conf/plain.txt": "plain",
        "apps/prod/keys/app.env": sops.encrypt("app.env", f"PASSWORD={CANARY}\n"),
        "apps/prod/keys/tls.key": sops.encrypt("tls.key", f"-----{CANARY}-----\n"),
        "apps/prod/keys/other.env": sops.encrypt("other.env", "A=b\n", "--age", sops.key()[1]),
    }
    rendered = rendering(files, "apps/prod")
    found = {each["metadata"]["name"]: each for each in rendered.objects}
    assert CANARY == _value(found["prod-db"], "password")
    assert CANARY == _value(found["prod-env"], "PASSWORD")
    assert f"-----{CANARY}-----\n" == _value(found["prod-tls"], "key")
    assert {"plain.txt": "plain"} == found["prod-plain"]["data"]
    assert ("apps/base", "apps/prod") == rendered.depends
    # AND an object other than a Secret that holds a value says so
    assert "sops" == found["prod-leak"]["metadata"]["annotations"]["mooring.dev/hidden"]
    assert "annotations" not in found["prod-plain"]["metadata"]


def test_plugins_that_decrypt_are_named(rendering: Callable[..., Rendered]) -> None:
    """GIVEN a ksops generator THEN the error says what to write instead."""
    files = {
        "k8s/kustomization.yaml": "generators: [g.yaml]\n",
        "k8s/g.yaml": "apiVersion: viaduct.ai/v1\nkind: ksops\nmetadata: {name: g}\nfiles: [./db.yaml]\n",
    }
    with pytest.raises(
        RenderError, match=r"generators\[0\]: ksops is a plugin .* under resources or in a secretGenerator"
    ):
        rendering(files)


CHART = {
    "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "chart/templates/a.yaml": (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  p: {{ .Values.password | quote }}\n"
        "  f: {{ .Values.file | quote }}\n"
    ),
}


def test_helm_reads_opened_value_files(rendering: Callable[..., Rendered], sops: Sops, tmp_path: Path) -> None:
    """GIVEN value files and file parameters, with and without `secrets://` THEN Helm gets them in plain."""
    files: dict[str, str | bytes] = {
        **CHART,
        "chart/secrets.yaml": sops.encrypt("secrets.yaml", "password: other\n"),
        "values/prod.yaml": sops.encrypt("prod.yaml", f"password: {CANARY}\n"),
        "values/unused.yaml": sops.encrypt("unused.yaml", "a: b\n", "--age", sops.key()[1]),
        "chart/file.txt": sops.encrypt("file.txt", CANARY),
    }
    helm = HelmOptions(
        value_files=("secrets.yaml", "secrets://../values/prod.yaml"),
        file_parameters=(NamedText("file", "file.txt"),),
    )
    rendered = rendering(files, "chart", helm=helm)
    assert [CANARY, CANARY] == [_value(rendered.objects[0], name) for name in "pf"]
    assert ("chart", "values/prod.yaml") == rendered.depends
    source = Source("https://example.com/r.git", "chart", helm=helm)
    assert "values/prod.yaml" in outline(source, tmp_path / "checkout", CONTEXT)
    with pytest.raises(ConfigurationError, match=r"valueFiles\[0\].*secrets\+age-import:// imports a key of its own"):
        rendering({}, "chart", helm=HelmOptions(value_files=("secrets+age-import:///key.txt?values/prod.yaml",)))


def test_a_chart_reads_no_other_file_in_plain_and_no_cluster(rendering: Callable[..., Rendered], sops: Sops) -> None:
    """GIVEN a chart that reads encrypted files by `.Files` and the cluster by `lookup` THEN it gets ciphertext, and
    nothing; the same file is opened where the source itself names it.
    """
    files: dict[str, str | bytes] = {
        "chart/Chart.yaml": CHART["chart/Chart.yaml"],
        "chart/templates/a.yaml": (
            "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n"
            '  got: {{ .Files.Get "secrets.yaml" | quote }}\n'
            '  glob: {{ (.Files.Glob "*.yaml").AsSecrets | quote }}\n'
            '  live: {{ lookup "v1" "Secret" "shop" "db" | toJson | quote }}\n'
            "  p: {{ .Values.password | quote }}\n"
        ),
        "chart/secrets.yaml": sops.encrypt("secrets.yaml", f"password: {CANARY}\n"),
    }
    (made,) = rendering(files, "chart", helm=HelmOptions(value_files=("secrets.yaml",))).objects
    assert (CANARY, "{}") == (_value(made, "p"), _value(made, "live"))
    assert "ENC[AES256_GCM" in _value(made, "got")
    encoded = base64.b64encode(CANARY.encode()).decode().rstrip("=")
    assert not [text for text in (_value(made, "got"), _value(made, "glob")) if CANARY in text or encoded in text]


def test_jsonnet_reads_no_file_in_plain(rendering: Callable[..., Rendered], sops: Sops) -> None:
    """GIVEN a program beside an encrypted manifest WHEN it imports that THEN it gets ciphertext."""
    files: dict[str, str | bytes] = {
        "k8s/b.yaml": sops.encrypt("b.yaml", SECRET, "--encrypted-regex", "^stringData$"),
        "k8s/c.jsonnet": (
            "{apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'leak'}, data: {a: importstr 'b.yaml'}}"
        ),
    }
    found = {each["kind"]: each for each in rendering(files).objects}
    assert CANARY == _value(found["Secret"], "password")
    assert "ENC[AES256_GCM" in found["ConfigMap"]["data"]["a"]
    assert CANARY not in repr(found["ConfigMap"])


def test_errors_of_tools_hide_values(rendering: Callable[..., Rendered], sops: Sops) -> None:
    """GIVEN a chart that fails with a value in its words THEN the error is there and the value is not."""
    files: dict[str, str | bytes] = {
        **CHART,
        "chart/templates/a.yaml": '{{ fail (printf "no %s or %s" .Values.password (b64enc .Values.password)) }}',
        "chart/secrets.yaml": sops.encrypt("secrets.yaml", f"password: {CANARY}\n"),
    }
    with pytest.raises(RenderError, match=r"no \(hidden\) or \(hidden\)") as raised:
        rendering(files, "chart", helm=HelmOptions(value_files=("secrets.yaml",)))
    chain: BaseException | None = raised.value
    while chain is not None:
        assert CANARY not in repr(chain)
        chain = chain.__cause__ or (None if chain.__suppress_context__ else chain.__context__)


def test_changed_files_are_named(rendering: Callable[..., Rendered], sops: Sops) -> None:
    """GIVEN a file that was changed by hand, or damaged THEN the error says which file, and what to do."""
    sealed = sops.encrypt("b.yaml", SECRET, "--encrypted-regex", "^stringData$").decode()
    with pytest.raises(DecryptError, match=r"^k8s/b.yaml: its MAC does not fit"):
        rendering({"k8s/b.yaml": sealed.replace("name: db", "name: bd")})
    at = sealed.index("data:", sealed.index("password")) + 5
    flipped = sealed[:at] + ("B" if sealed[at] == "A" else "A") + sealed[at + 1 :]
    with pytest.raises(DecryptError, match=r"^k8s/b.yaml: a value can't be decrypted"):
        rendering({"k8s/b.yaml": flipped})
    with pytest.raises(DecryptError, match=r"^k8s/b.yaml: looks like a SOPS file but can't be read"):
        rendering({"k8s/b.yaml": sealed.replace("lastmodified:", "changed:")})


def test_missing_keys_are_named(rendering: Callable[..., Rendered], sops: Sops) -> None:
    """GIVEN files for keys that are not here THEN the error names every recipient, and why it did not fit."""
    other = sops.key()[1]
    files = {"k8s/b.yaml": sops.encrypt("b.yaml", SECRET, "--age", other)}
    with pytest.raises(
        DecryptError, match=rf"^k8s/b.yaml: none of the keys .* age {other} \(no age identity that is kept"
    ):
        rendering(files)
    sops.kept = {}
    with pytest.raises(DecryptError, match=rf"age {other} \(no age identity is kept here\)"):
        rendering(files)


def test_keys_of_a_project_are_its_own(sops: Sops) -> None:
    """GIVEN a key that is kept for one project THEN another can't open what it opens, not even just after it did."""
    identity, recipient = sops.key()
    sops.kept = {"retail": identity}
    opener = sops.opener()
    file = SopsFile("a.yaml", "yaml", sops.encrypt("a.yaml", f"a: {CANARY}\n", "--age", recipient))
    assert f"a: {CANARY}\n".encode() == opener.open([file], "retail")[0][0]
    with pytest.raises(DecryptError, match="no age identity is kept here"):
        opener.open([file], "other")


def test_a_project_uses_only_keys_that_it_may(sops: Sops) -> None:
    """GIVEN keys for every project WHEN one may not use them all THEN a file opens by the others alone, whatever key it
    says that it is for.
    """
    identity, recipient = sops.key()
    sops.kept[""] += f"\n{identity}"
    opener = sops.opener()
    file = SopsFile("a.yaml", "yaml", sops.encrypt("a.yaml", f"a: {CANARY}\n", "--age", recipient))
    assert f"a: {CANARY}\n".encode() == opener.open([file], "retail", (recipient, "arn:*"))[0][0]
    lie = SopsFile("a.yaml", "yaml", file.content.replace(recipient.encode(), sops.recipient.encode()))
    for permitted in ((sops.recipient,), ("arn:aws:kms:*",), ()):
        for each in (file, lie):
            with pytest.raises(DecryptError, match=r"project 'retail' permits .*sopsKeys") as caught:
                opener.open([each], "retail", permitted)
            assert CANARY not in str(caught.value)


def test_nothing_is_opened_where_nothing_may(tools: Mapping[str, Path], tmp_path: Path, sops: Sops) -> None:
    """GIVEN no opener, as in a preview THEN an encrypted file is refused and never taken for a manifest."""
    (tmp_path / "b.yaml").write_bytes(sops.encrypt("b.yaml", SECRET, "--encrypted-regex", "^stringData$"))
    with pytest.raises(DecryptError, match="no secret is opened here"):
        render(Source("https://example.com/r.git", "."), tmp_path, CONTEXT, Tools("/nowhere", "/nowhere"))


def test_several_keys_and_groups(sops: Sops) -> None:
    """GIVEN a file for two key groups THEN a key of each opens it, and one group alone does not."""
    first, second = sops.key(), sops.key()
    config = sops._folder / ".sops.yaml"
    config.write_text(
        "creation_rules: [{shamir_threshold: 2, key_groups: "
        f"[{{age: [{first[1]}]}}, {{age: [{second[1]}, {sops.recipient}]}}]}}]\n"
    )
    file = SopsFile("a.yaml", "yaml", sops.encrypt("a.yaml", f"a: {CANARY}\n", "--config", str(config)))
    sops.kept = {"": f"# two keys\n{first[0]}\n{second[0]}\n"}
    assert f"a: {CANARY}\n".encode() == sops.opener().open([file], "")[0][0]
    sops.kept = {"": first[0]}
    with pytest.raises(DecryptError, match=rf"{second[1]} .*{sops.recipient}"):
        sops.opener().open([file], "")


def test_pgp_keys_open_files(sops: Sops, tmp_path: Path) -> None:
    """GIVEN a file for a PGP key that GnuPG made THEN the armored private key opens it, without GnuPG."""
    home = Path(tempfile.mkdtemp(prefix="gpg", dir="/tmp"))
    try:
        gpg = ["gpg", "--homedir", str(home), "--batch", "--passphrase", "", "--pinentry-mode", "loopback"]
        made = [*gpg, "--quick-gen-key", "shop@example.com", "default", "default", "never"]
        subprocess.run(made, check=True, capture_output=True)
        listed = subprocess.run([*gpg, "--list-keys", "--with-colons"], check=True, capture_output=True, text=True)
        fingerprint = listed.stdout.partition("fpr:::::::::")[2].partition(":")[0]
        armored = subprocess.run([*gpg, "--armor", "--export-secret-keys"], check=True, capture_output=True, text=True)
        sealed = sops.encrypt("a.yaml", f"a: {CANARY}\n", "--pgp", fingerprint, env={"GNUPGHOME": str(home)})
    finally:
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False, capture_output=True)
        subprocess.run(["rm", "-rf", str(home)], check=True)
    file = SopsFile("a.yaml", "yaml", sealed)
    with pytest.raises(DecryptError, match=f"pgp {fingerprint}"):
        sops.opener().open([file], "")
    sops.kept = {"": f"{sops.identity}\n{armored.stdout}"}
    assert f"a: {CANARY}\n".encode() == sops.opener().open([file], "")[0][0]


def test_kms_is_asked_once_for_a_data_key(sops: Sops, aws: str) -> None:
    """GIVEN files for a KMS key WHEN hundreds of renders of an invocation read them THEN KMS is asked once for each."""
    import boto3

    environment = {name: value for name, value in os.environ.items() if name.startswith("AWS_")} | {
        "AWS_ENDPOINT_URL": aws
    }
    client = boto3.client("kms", region_name="eu-central-1", endpoint_url=aws)
    arn = client.create_key()["KeyMetadata"]["Arn"]
    files = [
        SopsFile(f"{n}.yaml", "yaml", sops.encrypt(f"{n}.yaml", f"a: {CANARY}-{n}\n", "--kms", arn, env=environment))
        for n in range(3)
    ]
    with counting(aws) as calls:
        opener = sops.opener(environment | {"AWS_ENDPOINT_URL": calls.url})
        for _ in range(3):
            opened = opener.open(files * 100, "retail")
            assert f"a: {CANARY}-2\n".encode() == opened[-1][0]
        assert 3 == calls.number
        opener.forget()
        opener.open(files, "retail")
        assert 6 == calls.number
    refused = sops.opener(environment | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"} | {"AWS_MAX_ATTEMPTS": "1"})
    with pytest.raises(DecryptError, match=rf"kms {arn} \(KMS can't be asked\)"):
        refused.open(files, "retail")


def test_a_project_asks_kms_as_its_own_role(sops: Sops, aws: str) -> None:
    """GIVEN projects with roles and one without WHEN they open the same file THEN KMS sees each as what it is, a role is
    assumed only for a file that needs KMS, and one that may not be assumed opens nothing and names the rule.
    """
    import boto3

    environment = {name: value for name, value in os.environ.items() if name.startswith("AWS_")} | {
        "AWS_ENDPOINT_URL": aws
    }
    arn = boto3.client("kms", region_name="eu-central-1", endpoint_url=aws).create_key()["KeyMetadata"]["Arn"]
    by_kms = SopsFile("k.yaml", "yaml", sops.encrypt("k.yaml", f"a: {CANARY}\n", "--kms", arn, env=environment))
    by_age = SopsFile("a.yaml", "yaml", sops.encrypt("a.yaml", f"a: {CANARY}\n"))
    role = "arn:aws:iam::123456789012:role/{}-sops"
    asked: list[str] = []

    with counting(aws) as calls:
        places = environment | {"AWS_ENDPOINT_URL": calls.url, "AWS_REGION": "eu-central-1", "MOORING_TABLE": "none"}
        composition = Composition(places)

        def assume(named: str) -> Mapping[str, str]:
            asked.append(named)
            if "closed" in named:
                raise ForbiddenError("AWS refuses")
            return composition._sops_session(named)

        opener = sops.opener(places, assume)
        opener.open([by_age], "retail", None, role.format("retail"))
        assert [] == asked
        for project in ("retail", "bank"):
            opened = opener.open([by_kms, by_age], project, None, role.format(project))
            assert [f"a: {CANARY}\n".encode()] * 2 == [plain for plain, _ in opened]
        opener.open([by_kms], "other")
        with pytest.raises(ForbiddenError, match=r"AWS refuses.*closed-sops.*'closed'.*sopsRole") as caught:
            opener.open([by_kms], "closed", None, role.format("closed"))
        assert (3, 3) == (calls.number, len(calls.callers))
        assert environment["AWS_ACCESS_KEY_ID"] in calls.callers
    assert [role.format(each) for each in ("retail", "bank", "closed")] == asked
    assert CANARY not in str(caught.value)
    # AND where KMS refuses the role, the error says as whom it was asked
    unreachable = sops.opener(
        environment | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}, lambda _: {}
    )
    with pytest.raises(DecryptError, match=r"can't be asked.*KMS is asked as .*retail-sops.*sopsRole"):
        unreachable.open([by_kms], "retail", None, role.format("retail"))


def test_a_file_cannot_name_a_service_of_its_own(sops: Sops) -> None:
    """GIVEN a file whose only key is in a Vault of its author's THEN nobody connects there, and the error says why."""
    tree = json.loads(sops.encrypt("a.json", FORMS["a.json"]))
    del tree["sops"]["age"]
    with socket.create_server(("127.0.0.1", 0)) as listening:
        tree["sops"]["hc_vault"] = [
            {
                "vault_address": f"http://127.0.0.1:{listening.getsockname()[1]}",
                "engine_path": "transit",
                "key_name": "shop",
                "created_at": "2026-01-01T00:00:00Z",
                "enc": "vault:v1:AAAA",
            }
        ]
        with pytest.raises(DecryptError, match=r"hc_vault http://127.* \(not used here\)"):
            sops.opener().open([SopsFile("a.json", "json", json.dumps(tree).encode())], "")
        listening.settimeout(0.2)
        with pytest.raises(TimeoutError):
            listening.accept()


def test_keys_that_cannot_be_read_are_a_setting(sops: Sops) -> None:
    """GIVEN a secret with a broken key THEN the error is about the secret and shows nothing of it."""
    file = SopsFile("a.yaml", "yaml", sops.encrypt("a.yaml", "a: b\n"))
    sops.kept = {"": sops.identity[:-4] + "QQQQ"}
    with pytest.raises(ConfigurationError, match="an age identity can't be read") as raised:
        sops.opener().open([file], "")
    assert sops.identity[:30] not in str(raised.value)
    missing = SopsOpener("/nowhere/sopskit", lambda _: "", {})
    with pytest.raises(MooringError, match="sopskit can't be started"):
        missing.open([file], "")


def test_plain_files_lie_in_a_folder_of_ours(sops: Sops, tmp_path: Path) -> None:
    """WHEN files are opened for a tool THEN nobody else may enter the folder in which they lie."""
    from mooring.render.sops import SopsOpening

    file = tmp_path / "v.yaml"
    file.write_bytes(sops.encrypt("v.yaml", "a: b\n"))
    (tmp_path / "scratch").mkdir()
    placed = SopsOpening(sops.opener(), "").files([str(file)], tmp_path / "scratch", {})
    folder = Path(placed[str(file)]).parent.parent
    assert 0o700 == stat.S_IMODE(folder.stat().st_mode)
