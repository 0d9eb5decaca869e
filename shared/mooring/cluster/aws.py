"""AWS as it is needed to reach EKS clusters: whose credentials, and where a cluster is.

Credentials are our own or those of a role that is assumed (AWS, "AssumeRole": an hour by default); a session is used
until shortly before it expires. `eks:DescribeCluster` tells the endpoint and the authority of a cluster; it is asked
when a cluster is first met, and again when what it told doesn't fit any more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mooring.cluster.auth import EksLogin
from mooring.errors import ConfigurationError, ForbiddenError, UnreachableError

if TYPE_CHECKING:
    from botocore.credentials import Credentials

__all__ = ["Sessions", "describe_cluster"]

_FIELD = "eks.clusterName"
_MARGIN = 120.0  # seconds before its end in which a session isn't used any more; a token signed with it lasts no longer
_NAME = "mooring"


class Sessions:
    """Credentials of roles, kept while they last; thread-safe. `now` is seconds since the epoch."""

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, str], tuple[float, Credentials]] = {}

    def credentials(self, login: EksLogin, *, fresh: bool = False) -> tuple[str, Credentials]:
        """Region and AWS credentials of a login: our own, or those of the role to assume.

        Raises `ForbiddenError` where there are none or the role can't be assumed, `UnreachableError` where STS is
        silent.
        """
        import botocore.session

        session = botocore.session.get_session()
        region = login.region or session.get_config_variable("region") or "us-east-1"
        if not login.role_arn:
            own = session.get_credentials()
            if own is None:
                raise ForbiddenError(
                    "there are no AWS credentials to sign an EKS token with; give the function a role",
                    field="config.awsAuthConfig",
                )
            return region, own
        key = (login.role_arn, region)
        with self._lock:
            known = self._kept.get(key)
            if known is None or fresh or self._now() >= known[0] - _MARGIN:
                known = self._kept[key] = _assumed(session, login.role_arn, region)
        return region, known[1]


def _assumed(session: Any, role: str, region: str) -> tuple[float, Credentials]:
    from botocore.config import Config
    from botocore.credentials import Credentials
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    config = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 2})
    try:
        sts = session.create_client("sts", region_name=region, config=config)
        answer = sts.assume_role(RoleArn=role, RoleSessionName=_NAME)["Credentials"]
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        raise ForbiddenError(
            f"the role {role} can't be assumed ({code}); name it in the parameter ClusterRoleArns, and let its trust "
            "policy name the function's role",
            field="config.awsAuthConfig.roleARN",
        ) from error
    except NoCredentialsError as error:
        raise ForbiddenError(
            "there are no AWS credentials to sign an EKS token with; give the function a role",
            field="config.awsAuthConfig",
        ) from error
    except BotoCoreError as error:
        raise UnreachableError("STS did not answer while signing in to EKS; it is tried again") from error
    credentials = Credentials(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"])
    return answer["Expiration"].timestamp(), credentials


def describe_cluster(login: EksLogin, sessions: Sessions) -> tuple[str, str]:
    """Endpoint and authority (base64 of PEM) of an EKS cluster.

    Raises `ForbiddenError`, `ConfigurationError` where there is no such cluster or it has no endpoint yet, and
    `UnreachableError` where EKS does not answer.
    """
    import botocore.session
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    region, credentials = sessions.credentials(login)
    config = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 2})
    frozen = credentials.get_frozen_credentials()
    try:
        eks: Any = botocore.session.get_session().create_client(
            "eks", region_name=region, config=config, aws_access_key_id=frozen.access_key,
            aws_secret_access_key=frozen.secret_key, aws_session_token=frozen.token,
        )  # fmt: skip
        found = eks.describe_cluster(name=login.cluster_name)["cluster"]
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code == "ResourceNotFoundException":
            raise ConfigurationError(
                f"there is no EKS cluster {login.cluster_name!r} in {region}; check its name, region and account "
                "(roleARN)",
                field=_FIELD,
            ) from error
        raise ForbiddenError(
            f"EKS refuses to describe {login.cluster_name!r} in {region} ({code}); allow eks:DescribeCluster to the "
            "role that is used",
            field=_FIELD,
        ) from error
    except BotoCoreError as error:
        raise UnreachableError("EKS did not answer while a cluster was looked up; it is tried again") from error
    endpoint = str(found.get("endpoint") or "")
    if not endpoint:
        raise ConfigurationError(
            f"{login.cluster_name!r} has no endpoint yet (it is {found.get('status', 'of unknown status')}); wait "
            "until it is ACTIVE",
            field=_FIELD,
        )
    return endpoint, str((found.get("certificateAuthority") or {}).get("data") or "")
