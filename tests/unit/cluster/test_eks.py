"""EKS tokens, signed without a request."""

from __future__ import annotations

import base64
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.credentials import Credentials

from mooring.cluster.auth import EksLogin
from mooring.cluster.eks import EksTokens, sign_token
from mooring.errors import ForbiddenError


def presigned(token: str) -> str:
    prefix, _, encoded = token.partition(".")
    assert "k8s-aws-v1" == prefix
    assert "=" not in encoded
    return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()


@pytest.mark.parametrize(("region", "host"), [("eu-west-1", "amazonaws.com"), ("cn-north-1", "amazonaws.com.cn")])
def test_a_token_is_a_presigned_question_to_sts(region: str, host: str) -> None:
    """The URL asks the region's STS who signed it, and the signature covers the cluster's name."""
    url = urlsplit(presigned(sign_token("prod", region, Credentials("AKIA", "secret", "session"))))
    query = parse_qs(url.query)
    assert f"sts.{region}.{host}" == url.hostname
    assert ["GetCallerIdentity"] == query["Action"]
    assert ["host;x-k8s-aws-id"] == query["X-Amz-SignedHeaders"]
    assert ["session"] == query["X-Amz-Security-Token"]
    assert query["X-Amz-Credential"][0].startswith("AKIA/")


def test_the_signature_depends_on_the_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """A token for one cluster can't be replayed at another."""
    signatures = {
        parse_qs(urlsplit(presigned(sign_token(name, "eu-west-1", Credentials("AKIA", "secret")))).query)[
            "X-Amz-Signature"
        ][0]
        for name in ("one", "two")
    }
    assert 2 == len(signatures)


def test_a_token_is_kept_for_fourteen_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a token WHEN less than 14 minutes pass on the wall clock THEN it is used again, and not after."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    clock = [0.0]
    tokens = EksTokens(EksLogin("prod", "", "eu-west-1"), now=lambda: clock[0])
    first = tokens.token()

    def signed_by_another_key(after: float, *, fresh: bool = False) -> bool:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA2")
        clock[0] = after
        return tokens.token(fresh=fresh) != first

    assert not signed_by_another_key(14 * 60 - 1)
    assert signed_by_another_key(14 * 60)


def test_a_refused_token_can_be_renewed_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """`fresh` signs anew, whatever is kept."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    tokens = EksTokens(EksLogin("prod", "", "eu-west-1"), now=lambda: 0.0)
    first = tokens.token()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA2")
    assert first != tokens.token(fresh=True)


def test_no_aws_credentials_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without anything to sign with, the error says what to give the function."""
    monkeypatch.setattr("botocore.session.Session.get_credentials", lambda _session: None)
    with pytest.raises(ForbiddenError, match="give the function a role"):
        EksTokens(EksLogin("prod", "", "eu-west-1")).token()


def test_a_role_is_assumed_first(aws: str) -> None:
    """GIVEN a role WHEN a token is signed THEN it is signed with the role's session, not with our own keys."""
    query = parse_qs(urlsplit(presigned(EksTokens(EksLogin("prod", "arn:aws:iam::123456789012:role/x")).token())).query)
    assert not query["X-Amz-Credential"][0].startswith("testing/")
    assert query["X-Amz-Security-Token"][0]
    assert query["X-Amz-Credential"][0].split("/")[2] == "eu-central-1"
