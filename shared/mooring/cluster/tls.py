"""TLS contexts from PEM bytes in memory.

OpenSSL loads a client certificate from files only. On Linux, and so in Lambda, an anonymous memory file serves: the
key is never on a disk and is gone when the context is made. Elsewhere a private temporary file takes its place, for
the milliseconds that loading takes.

With TLS 1.3 a server refuses a client's certificate after the client's side of the handshake is done (RFC 8446, 4.4.2).
If it hangs up before the request was written, the write fails, and the alert that says why is still there to be read.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from typing import Any

from mooring.cluster.auth import Tls
from mooring.errors import ConfigurationError

__all__ = ["ssl_context"]


def ssl_context(tls: Tls) -> ssl.SSLContext:
    """A context that trusts and shows what `tls` says. Raises `ConfigurationError` for PEM text that doesn't load."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = _Listening
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif tls.ca:
        try:
            context.load_verify_locations(cadata=tls.ca.decode("ascii"))
        except (ssl.SSLError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                "holds no certificate that loads", field="config.tlsClientConfig.caData"
            ) from error
    else:
        context.load_default_certs()
    if tls.cert:
        try:
            _load_cert_chain(context, tls.cert.rstrip() + b"\n" + tls.key)
        except ssl.SSLError as error:
            raise ConfigurationError(
                "and keyData don't load as a certificate and its key", field="config.tlsClientConfig.certData"
            ) from error
    return context


class _Listening(ssl.SSLSocket):
    """A socket that looks for the server's last words where it can't write any more."""

    def sendall(self, data: Any, flags: int = 0) -> None:
        """As of any socket, but raises the server's alert where there is one, which is an `SSLError` as well."""
        try:
            super().sendall(data, flags)
        except ssl.SSLEOFError:
            try:
                self.recv(1)
            except ssl.SSLError:
                raise
            except OSError:
                pass  # nothing was said
            raise


def _load_cert_chain(context: ssl.SSLContext, pem: bytes) -> None:
    # An encrypted key must fail, not ask a terminal for its password.
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("mooring", os.MFD_CLOEXEC)
        try:
            os.write(descriptor, pem)
            context.load_cert_chain(f"/proc/self/fd/{descriptor}", password=b"")
        finally:
            os.close(descriptor)
        return
    with tempfile.NamedTemporaryFile() as file:
        file.write(pem)
        file.flush()
        context.load_cert_chain(file.name, password=b"")
