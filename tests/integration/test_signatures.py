"""Signatures of commits and tags, made by real GnuPG and OpenSSH, asked for by projects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mooring.access.parsing import parse_project
from mooring.access.project import Project
from mooring.errors import UnreachableError
from mooring.flows.asked.gpgkeys import add_keys, list_keys
from mooring.flows.renders.verifying import NotSignedError, verify_sources
from mooring.source import GoKit, Repositories
from mooring.source.openpgp import check_openpgp, read_public_keys
from mooring.source.objects import parse_commit
from mooring.source.signatures import Refused, Signed, split_commit
from mooring.source.sshsig import check_ssh, fingerprint
from mooring.access.integrity import ssh_key
from mooring.state.wanted import Input
from tests.doubles.signing import Pen, pen

if TYPE_CHECKING:
    from tests.conftest import Anonymous
    from tests.conftest import Repositories as Served

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def ada() -> Iterator[Pen]:
    with pen() as made:
        yield made


@pytest.fixture(scope="module")
def key(ada: Pen) -> str:
    return ada.key("ada@example.com")


@pytest.fixture(scope="module")
def other(ada: Pen) -> str:
    return ada.key("eve@example.com")


class Keyring:
    """Imported keys."""

    def __init__(self, *armored: str) -> None:
        self.keys: dict[str, str] = {}
        for text in armored:
            add_keys(self, {"key": text})  # type: ignore[arg-type]

    def read(self) -> dict[str, str]:
        return dict(self.keys)

    def write(self, keys: Mapping[str, str]) -> None:
        self.keys = dict(keys)


class Ground:
    """A repository, and a project that asks for signatures."""

    def __init__(self, served: Served, folder: Path, anonymous: Anonymous, gokit: Path) -> None:
        self.url = served.create("shop.git", {"a": "1"})
        self.bare = served.server.root / "shop.git"
        self.repositories = Repositories(folder / "repos", anonymous, timeout=20, gokit=GoKit(str(gokit)))

    def verify(self, project: Project, target: str, keyring: Keyring, *, url: str = "") -> None:
        """Resolves the target and checks what it names."""
        url = url or self.url
        found = self.repositories.latest(url, [target])[target]
        sha = getattr(found, "sha")
        verify_sources(project, {Input(url, target): sha}, self.repositories, keyring, NOW)  # type: ignore[arg-type]


@pytest.fixture
def ground(git_server: Served, tmp_path: Path, anonymous: Anonymous, tools: dict[str, Path]) -> Ground:
    return Ground(git_server, tmp_path, anonymous, tools["gokit"])


def project(**spec: Any) -> Project:
    document = {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": {"name": "team"}, "spec": spec}
    return parse_project(document).project


def signed_by(*keys: str) -> Project:
    return project(signatureKeys=[{"keyID": each[-16:]} for each in keys])


def policy(**block: Any) -> Project:
    return project(sourceIntegrity={"git": {"policies": [{"repos": ["*"], **block}]}})


def test_a_good_signature_of_an_allowed_key_passes(ground: Ground, ada: Pen, key: str, other: str) -> None:
    """GIVEN a commit signed with one of a project's keys WHEN it is named in any way THEN it passes."""
    sha = ada.commit(ground.bare, gpg=key)
    keyring = Keyring(ada.public(key), ada.public(other))
    for target in ("main", "", "HEAD", sha, "refs/heads/main", sha[:10]):
        ground.verify(signed_by(other, key), target, keyring)
    ground.verify(policy(gpg={"mode": "head", "keys": [key]}), "main", keyring)


def test_what_is_not_signed_as_asked_is_refused_by_name(ground: Ground, ada: Pen, key: str, other: str) -> None:
    """GIVEN commits without a signature, by a key nobody allows, by one nobody imported WHEN checked THEN the commit, the
    key and the rule are named."""
    both, one = Keyring(ada.public(key), ada.public(other)), Keyring(ada.public(key))
    unsigned = ada.commit(ground.bare)
    with pytest.raises(NotSignedError) as caught:
        ground.verify(signed_by(key), "main", both)
    assert (
        f"spec.source.targetRevision: commit {unsigned} of {ground.url} is not signed; the project 'team' asks for a "
        f"signature by {key[-16:]} (spec.signatureKeys)" == str(caught.value)
    )
    ada.commit(ground.bare, gpg=other)
    with pytest.raises(NotSignedError, match=f"by the key {other[-16:]}, which the project does not allow"):
        ground.verify(signed_by(key), "main", both)
    with pytest.raises(NotSignedError, match=f"by the key {other[-16:]}, which is not imported"):
        ground.verify(signed_by(other), "main", one)
    with pytest.raises(NotSignedError, match=r"with OpenPGP, not with SSH.*\(spec.sourceIntegrity.git.policies\[0\]\)"):
        ssh = ada.ssh("unused", "ed25519").with_suffix(".pub").read_text()
        ground.verify(policy(ssh={"mode": "head", "keys": [ssh]}), "main", both)


def test_a_target_that_is_a_tag_is_judged_by_the_tag(ground: Ground, ada: Pen, key: str) -> None:
    """GIVEN signed and unsigned annotated tags and a plain one WHEN they are targets, by name or by range THEN the tag's
    signature counts where there is a tag, and else the commit's."""
    keyring, wanted = Keyring(ada.public(key)), signed_by(key)
    unsigned = ada.commit(ground.bare)
    ada.tag(ground.bare, "v1.0.0", unsigned, gpg=key)
    ground.verify(wanted, "v1.0.0", keyring)
    ground.verify(wanted, "refs/tags/v1.0.0", keyring)
    signed = ada.commit(ground.bare, gpg=key)
    ada.tag(ground.bare, "v2.0.0", signed)
    ada.run("git", "tag", "plain", signed, cwd=ground.bare)
    ground.verify(wanted, "plain", keyring)
    with pytest.raises(NotSignedError, match="is named by a tag that is not signed"):
        ground.verify(wanted, "v2.0.0", keyring)
    with pytest.raises(NotSignedError, match="is not signed"):
        ground.verify(wanted, unsigned, keyring)


def test_a_tag_that_moves_is_read_again(ground: Ground, ada: Pen, key: str) -> None:
    """GIVEN a tag that moves between its resolution and its check WHEN it is checked THEN that is a passing trouble."""
    first = ada.commit(ground.bare, gpg=key)
    ada.tag(ground.bare, "v1", first, gpg=key)
    ground.repositories.latest(ground.url, ["v1"])
    ada.tag(ground.bare, "v1", ada.commit(ground.bare, gpg=key), gpg=key)
    with pytest.raises(UnreachableError, match="v1 moved while it was read"):
        ground.repositories.signed(ground.url, "v1", first)


def test_a_signature_does_not_speak_for_another_commit(ground: Ground, ada: Pen, key: str) -> None:
    """GIVEN a signed commit WHEN its text is changed, its signature moved or doubled THEN it is refused."""
    sha = ada.commit(ground.bare, gpg=key)
    raw = ada.run("git", "cat-file", "commit", sha, cwd=ground.bare)
    keyring = {key[-16:]: ada.public(key)}
    good = split_commit(sha, raw)
    assert key[-16:] == check_openpgp(good.payload, good.signature, keyring, [key[-16:]], NOW)
    with pytest.raises(Refused, match="is not what its SHA says"):
        split_commit(sha, raw.replace(b"Sign", b"Sing"))
    with pytest.raises(Refused, match="has a bad signature by the key"):
        check_openpgp(good.payload.replace(b"Sign", b"Sing"), good.signature, keyring, [key[-16:]], NOW)
    with pytest.raises(Refused, match="can't be read"):
        check_openpgp(good.payload, b"-----BEGIN PGP SIGNATURE-----\nnonsense\n", keyring, [key[-16:]], NOW)
    twice = raw.replace(b"\n\nSign", b"\ngpgsig -----BEGIN PGP SIGNATURE-----\n\nSign")
    forged = ada.run("git", "hash-object", "-t", "commit", "--stdin", "--literally", "-w", data=twice, cwd=ground.bare)
    with pytest.raises(Refused, match="more than one signature"):
        split_commit(forged.decode().strip(), twice)


def test_keys_that_are_no_longer_good_do_not_count(ada: Pen) -> None:
    """GIVEN signatures made in time by keys that have expired or are revoked by now WHEN checked THEN they are refused,
    and so are those by such subkeys; a good subkey counts as its key."""
    old = ada.key("old@example.com", expires="2020-02-01", when="20200101T000000")
    payload = b"a commit"
    made = ada.gpg("--faked-system-time", "20200102T000000", "--armor", "--detach-sign", "-u", f"{old}!", data=payload)

    def check(signature: bytes, name: str, allowed: str = "") -> str:
        return check_openpgp(payload, signature, {name[-16:]: ada.public(name)}, [allowed or name], NOW)

    with pytest.raises(Refused, match=f"by the key {old[-16:]}, which expired on 2020-02-01"):
        check(made, old)
    gone = ada.key("gone@example.com")
    made = ada.gpg("--armor", "--detach-sign", "-u", f"{gone}!", data=payload)
    assert gone[-16:] == check(made, gone)
    certificate = (ada.home / "openpgp-revocs.d" / f"{gone}.rev").read_text().replace(":-----BEGIN", "-----BEGIN")
    ada.gpg("--import", data=certificate.encode())
    with pytest.raises(Refused, match=r"which is revoked|has a bad signature"):
        check(made, gone)
    main = ada.key("subs@example.com", when="20200101T000000")
    ada.gpg("--faked-system-time", "20200101T000000", "--quick-add-key", main, "ed25519", "sign", "2020-02-01")
    ada.gpg("--quick-add-key", main, "ed25519", "sign", "never")
    _, brief, good = ada.fingerprints("subs@example.com")
    made = ada.gpg("--armor", "--detach-sign", "-u", f"{good}!", data=payload)
    assert good[-16:] == check(made, main)
    assert good[-16:] == check(made, main, allowed=good)
    late = ada.gpg(
        "--faked-system-time", "20200102T000000", "--armor", "--detach-sign", "-u", f"{brief}!", data=payload
    )
    with pytest.raises(Refused, match=f"by a subkey of {main[-16:]}, {brief[-16:]}, which has expired"):
        check(late, main)
    ada.gpg("--command-fd", "0", "--edit-key", main, data=b"key 2\nrevkey\ny\n0\n\ny\nsave\n")
    with pytest.raises(Refused, match=r"which is revoked|has a bad signature"):
        check(made, main)


@pytest.mark.parametrize(("kind", "bits"), [("ed25519", ""), ("rsa", "2048"), ("ecdsa", "256"), ("ecdsa", "521")])
def test_ssh_keys_sign_too(ground: Ground, ada: Pen, key: str, kind: str, bits: str) -> None:
    """GIVEN commits and tags signed with SSH keys WHEN a policy names the key THEN they pass, and with another they
    don't."""
    mine, wrong = ada.ssh(f"{kind}{bits}", kind, bits=bits), ada.ssh(f"{kind}{bits}-other", kind, bits=bits)
    asked = policy(ssh={"mode": "head", "keys": [mine.with_suffix(".pub").read_text()]}, gpg={"mode": "none"})
    sha = ada.commit(ground.bare, ssh=mine)
    ground.verify(asked, "main", Keyring())
    ada.tag(ground.bare, "v1", sha, ssh=mine)
    ground.verify(asked, "v1", Keyring())
    ada.commit(ground.bare, ssh=wrong)
    name = ada.run("ssh-keygen", "-lf", f"{wrong}.pub").decode().split()[1]
    with pytest.raises(NotSignedError) as caught:
        ground.verify(asked, "main", Keyring())
    assert f"is signed by the SSH key {name}, which the project does not allow" in str(caught.value)
    with pytest.raises(NotSignedError, match="with SSH, not with OpenPGP"):
        ground.verify(signed_by(key), "main", Keyring())


def test_ssh_signatures_for_something_else_are_refused(ada: Pen) -> None:
    """GIVEN SSH signatures over other bytes, for another namespace, cut short WHEN checked THEN they are refused."""
    path = ada.ssh("namespaces", "ed25519")
    blob = ssh_key(path.with_suffix(".pub").read_text())
    assert blob is not None
    made = ada.run("ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", str(path), data=b"text")
    assert fingerprint(blob) == check_ssh(b"text", made, [blob])
    with pytest.raises(Refused, match="has a bad signature"):
        check_ssh(b"other", made, [blob])
    elsewhere = ada.run("ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", str(path), data=b"text")
    with pytest.raises(Refused, match="made for something else"):
        check_ssh(b"text", elsewhere, [blob])
    lines = made.strip().split(b"\n")
    for broken in (b"\n".join([*lines[:-2], lines[-1]]), b"\n".join(lines[:-1]), lines[0]):
        with pytest.raises(Refused, match="can't be read"):
            check_ssh(b"text", broken, [blob])


def test_which_policy_counts(ground: Ground, ada: Pen, key: str) -> None:
    """GIVEN policies in an order WHEN repositories are looked up, however their addresses are spelled THEN the first that
    fits counts, and those that none fits need no signature."""
    head = {"gpg": {"mode": "head", "keys": [key]}}
    secure = ground.url.removesuffix(".git")
    asked = project(
        sourceIntegrity={
            "git": {
                "policies": [
                    {"repos": [{"url": f"{secure}-open"}], "gpg": {"mode": "none", "keys": []}},
                    {"repos": [secure, "!*/other.git"], **head},
                ]
            }
        }
    )
    ada.commit(ground.bare)
    for spelled in (ground.url, secure, f"{secure}/"):
        with pytest.raises(NotSignedError):
            ground.verify(asked, "main", Keyring(), url=spelled)
    unasked = {Input("https://forge.example/other.git", "main"): "0" * 40, Input(f"{secure}-open", "main"): "0" * 40}
    verify_sources(asked, unasked, ground.repositories, Keyring(), NOW)  # type: ignore[arg-type]
    chart = Input("https://charts.example", "1.0.0", "web")
    verify_sources(signed_by(key), {chart: "1.0.0"}, ground.repositories, Keyring(), NOW)  # type: ignore[arg-type]


def test_only_public_keys_are_imported(ada: Pen, key: str) -> None:
    """GIVEN a public key, a secret one and nonsense WHEN imported THEN the first is listed, the others are refused."""
    keyring = Keyring(ada.public(key))
    (listed,) = list_keys(keyring)  # type: ignore[arg-type]
    assert (key[-16:], key, "ada@example.com") == (listed["keyID"], listed["fingerprint"], listed["owner"])
    assert key == read_public_keys(listed["keyData"], field="key")[0].fingerprint
    secret = ada.gpg("--armor", "--export-secret-keys", key).decode()
    for text, complaint in ((secret, "holds a secret key"), ("nonsense", "must be a public key"), ("", "must be a")):
        with pytest.raises(Exception, match=complaint):
            add_keys(keyring, {"key": text})  # type: ignore[arg-type]


def test_a_signature_counts_for_its_text_alone() -> None:
    """GIVEN a commit with headers beside the signature WHEN taken apart THEN only the signature is missing."""
    import hashlib

    raw = b"tree 1\ngpgsig A\n B\n \n C\nencoding x\ngpgsig-sha256 D\n E\n\ngpgsig not a header\n"
    sha = hashlib.sha1(b"commit %d\0%s" % (len(raw), raw)).hexdigest()
    assert Signed(b"tree 1\nencoding x\n\ngpgsig not a header\n", b"A\nB\n\nC\n") == split_commit(sha, raw)


def test_the_record_of_a_commit_names_whose_signature_it_bears(ground: Ground, ada: Pen, key: str) -> None:
    """GIVEN commits signed with GnuPG, with SSH and not at all, the signer is named as its own tools name the key."""
    plain = ada.run("git", "rev-parse", "main", cwd=ground.bare).decode().strip()
    by_gpg = ada.commit(ground.bare, gpg=key)
    pencil = ada.ssh("record", "ed25519")
    by_ssh = ada.commit(ground.bare, ssh=pencil)
    name = ada.run("ssh-keygen", "-lf", f"{pencil}.pub").decode().split()[1]

    def signer(sha: str) -> str:
        return parse_commit(sha, ada.run("git", "cat-file", "commit", sha, cwd=ground.bare)).signer

    assert ["", f"openpgp {key[-16:]}", f"ssh {name}"] == [signer(each) for each in (plain, by_gpg, by_ssh)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("-----BEGIN PGP SIGNATURE-----\n\nnonsense!\n-----END PGP SIGNATURE-----", "openpgp"),
        ("-----BEGIN PGP SIGNATURE-----\nno end", "openpgp"),
        ("-----BEGIN PGP SIGNATURE-----\n\nwsE=\n-----END PGP SIGNATURE-----", "openpgp"),
        ("-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----", "ssh"),
        ("-----BEGIN SIGNED MESSAGE-----\nMII=\n-----END SIGNED MESSAGE-----", "x509"),
        ("something else", "unknown"),
    ],
)
def test_a_signature_that_can_not_be_read_is_told_by_its_kind(text: str, told: str) -> None:
    """GIVEN a signature that nobody can read, the commit is read all the same."""
    folded = text.replace("\n", "\n ")
    raw = f"tree {'1' * 40}\nauthor A <a@b> 1 +0000\ngpgsig {folded}\n\nFix it\n".encode()
    commit = parse_commit("a" * 40, raw)
    assert (told, "Fix it") == (commit.signer, commit.subject)
