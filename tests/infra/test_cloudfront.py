"""The dashboard on S3 and CloudFront: the template, its headers beside those of the function `api`, and its addresses."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from pathlib import PurePosixPath
from types import ModuleType
from typing import Any

import pytest

from local import dashboard
from local.runner.documents import read_template
from tests.infra.sam import ROOT, run_sam

TEMPLATE = ROOT / "dashboard" / "cloudfront.yaml"
LIVE = "wss://live.execute-api.eu-west-1.amazonaws.com/live"


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    return {name: each["Properties"] for name, each in read_template(TEMPLATE)["Resources"].items()}


@pytest.fixture(scope="module")
def web() -> ModuleType:
    """The module of `api` that serves the same files."""
    spec = importlib.util.spec_from_file_location("served_by_api", ROOT / "functions" / "api" / "web.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def test_cloudformation_accepts_the_template() -> None:
    """cfn-lint has nothing to say, in a region of the user's and in CloudFront's own."""
    answer = run_sam("cfn-lint", "--regions", "us-east-1", "eu-west-1", "--", str(TEMPLATE))
    assert 0 == answer.returncode, answer.stdout + answer.stderr


@pytest.mark.parametrize("live", ["", LIVE])
def test_the_headers_are_those_of_the_function(resources: dict[str, Any], web: ModuleType, live: str) -> None:
    """GIVEN what `api` sends with the page THEN CloudFront sends the same, with live updates and without."""
    config = resources["Headers"]["ResponseHeadersPolicyConfig"]
    security = config["SecurityHeadersConfig"]
    text, places = security["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"]
    condition, with_live, without = places["Places"]["Fn::If"]
    assert "HasLive" == condition
    connects = with_live["Fn::Sub"].replace("${LiveUrl}", live) if live else without
    sent = {
        "content-security-policy": text.replace("${Places}", connects),
        "x-content-type-options": "nosniff" if "ContentTypeOptions" in security else "",
        "referrer-policy": security["ReferrerPolicy"]["ReferrerPolicy"],
        "strict-transport-security": f"max-age={security['StrictTransportSecurity']['AccessControlMaxAgeSec']}",
    } | {each["Header"]: each["Value"] for each in config["CustomHeadersConfig"]["Items"]}
    assert {**web._HEADERS, "content-security-policy": web._policy(live)} == sent
    assert all(each["Override"] for each in (*security.values(), *config["CustomHeadersConfig"]["Items"]))


ADDRESSES = [
    "/", "/applications", "/applications/argocd/my.app", "/applications/argocd/my.app/diff", "/auth/callback",
    "/webhooks", "/index.html", "/favicon.svg", "/licences.md", "/assets/index-C8.js", "/assets/", "/assets/a/b.js",
    "/.vite/manifest.json", "/.built", "/robots.txt",
]  # fmt: skip


def test_addresses_are_those_of_the_function(resources: dict[str, Any], web: ModuleType) -> None:
    """GIVEN addresses WHEN CloudFront's function sees them THEN those are the page that `api` answers with the page."""
    node, _ = dashboard._node(print)
    ask = f"""{resources["Pages"]["FunctionCode"]}
    const ask = (uri) => handler({{ request: {{ uri, method: "GET", headers: {{}} }} }}).uri;
    console.log(JSON.stringify({json.dumps(ADDRESSES)}.map(ask)))"""
    found = subprocess.run([str(node), "-e", ask], capture_output=True, text=True, check=True, timeout=60)

    def is_file(address: str) -> bool:
        return bool(web._ASSET.fullmatch(address)) and PurePosixPath(address).suffix in web._TYPES

    pages = {each: each if web._NO_PAGE.match(each) or is_file(each) else "/index.html" for each in ADDRESSES}
    assert pages == dict(zip(ADDRESSES, json.loads(found.stdout), strict=True))


def test_the_api_is_asked_with_everything_and_never_kept(resources: dict[str, Any]) -> None:
    """GIVEN addresses of the API THEN CloudFront caches none and passes on all but the host, which API Gateway goes by."""
    config = resources["Distribution"]["DistributionConfig"]
    apis = config["CacheBehaviors"]
    assert ["/api/*", "/v1/*", "/healthz"] == [each["PathPattern"] for each in apis]
    (managed,) = {(each["TargetOriginId"], each["CachePolicyId"], each["OriginRequestPolicyId"]) for each in apis}
    assert ("api", "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "b689b0a8-53d0-40ab-baf2-68738e2966ac") == managed
    assert all("ResponseHeadersPolicyId" not in each and "FunctionAssociations" not in each for each in apis)


def test_the_bucket_is_read_by_the_distribution_alone(resources: dict[str, Any]) -> None:
    """GIVEN the bucket THEN nothing is public, and whoever is allowed anything is this distribution."""
    assert {True} == set(resources["Files"]["PublicAccessBlockConfiguration"].values())
    allowed = [each for each in resources["FilesPolicy"]["PolicyDocument"]["Statement"] if each["Effect"] == "Allow"]
    assert ["s3:GetObject", "s3:ListBucket"] == [each["Action"] for each in allowed]
    assert all("${Distribution}" in str(each["Condition"]["StringEquals"]["AWS:SourceArn"]) for each in allowed)


def test_the_documented_copies_say_how_long_files_are_kept() -> None:
    """GIVEN the commands of docs/deploy.md THEN what carries a hash is kept for good, the page never, packed files left out."""
    text = (ROOT / "docs" / "deploy.md").read_text()
    copies = [line for line in text.splitlines() if line.startswith("$ aws s3 ")]
    assert 2 == len(copies)
    assert ["assets s3://$BUCKET/assets", "web s3://$BUCKET"] == [
        line.split("functions/api/")[1].split(" --")[0].removeprefix("web/").strip() for line in copies
    ]
    assert ["public, max-age=31536000, immutable", "no-cache"] == [
        line.split('--cache-control "')[1].split('"')[0] for line in copies
    ]
    assert all("--exclude '*.br' --exclude '*.gz'" in line for line in copies)
    assert "--exclude 'assets/*' --exclude '.*'" in copies[1]
