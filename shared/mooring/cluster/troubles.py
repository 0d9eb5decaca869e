"""What a connection that failed means, for whoever has to mend it.

Only OpenSSL's own words about a certificate are passed on; they name no secret. A certificate that isn't trusted stays
so until somebody changes the registration; a handshake that was broken off may be a restart.
"""

from __future__ import annotations

import ssl

from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError, SSLError
from urllib3.exceptions import TimeoutError as NoAnswerError

from mooring.errors import ConfigurationError, UnreachableError

__all__ = ["connection_error", "tls_error"]

_TLS = "config.tlsClientConfig"
# Reasons that OpenSSL gives for an alert of the server about our certificate.
_REFUSED_US = ("CERTIFICATE_REQUIRED", "BAD_CERTIFICATE", "CERTIFICATE_EXPIRED", "UNKNOWN_CA", "CERTIFICATE_UNKNOWN")
_PLAIN_HTTP = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE")


def connection_error(error: HTTPError, server: str, subject: str | None) -> UnreachableError:
    """The error for a request without an answer."""
    if isinstance(error, NameResolutionError):
        what = "has a name that does not resolve; check the server's address and the function's network"
    elif isinstance(error, NewConnectionError):
        what = "can't be reached (no connection); check its address, its allowed networks and the function's subnets"
    elif isinstance(error, NoAnswerError):
        what = "did not answer in time"
    else:
        what = "can't be reached (the connection broke)"
    return UnreachableError(f"{server} {what}; it is tried again", subject=subject)


def tls_error(error: SSLError, server: str) -> ConfigurationError | UnreachableError:
    """The error for a TLS handshake that failed, with what doesn't fit."""
    cause = error.args[0] if error.args else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return ConfigurationError(
            f"{server} shows a certificate that caData and serverName don't vouch for ({cause.verify_message}); "
            "copy the cluster's current ones",
            field=_TLS,
        )
    reason = (getattr(cause, "reason", None) or "") if isinstance(cause, ssl.SSLError) else ""
    if reason.endswith(_REFUSED_US):
        return ConfigurationError(
            f"{server} refuses our client certificate ({reason.lower().replace('_', ' ')}); "
            "copy the user's current one",
            field=f"{_TLS}.certData",
        )
    if reason in _PLAIN_HTTP:
        return ConfigurationError(f"{server} does not speak TLS; check scheme and port", field="server")
    return UnreachableError(f"{server} broke off the TLS handshake; it is tried again")
