"""How what listens for others secures its connections: the same three settings for DICOM and for HL7."""

import ssl
from pathlib import Path
from typing import Protocol

from wetread.errors import ConfigurationError


class Secured(Protocol):
    """Settings of a port that others connect to; without a certificate it is open."""

    @property
    def tls_certificate_file(self) -> Path | None:
        """Our certificate, PEM."""

    @property
    def tls_key_file(self) -> Path | None:
        """Its key, PEM; None: it stands beside the certificate."""

    @property
    def tls_client_ca_file(self) -> Path | None:
        """CA that clients' certificates must be from; None asks for none."""


def tls_context(settings: Secured, table: str) -> ssl.SSLContext | None:
    """How connections are secured, None where they are not. `table` is where the settings stand (`service.hl7`).

    Raises: ConfigurationError naming the setting whose file does not fit.
    """
    if settings.tls_certificate_file is None:
        if settings.tls_client_ca_file is not None:
            raise ConfigurationError(f"{table}.tls_client_ca_file is set without tls_certificate_file")
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.tls_certificate_file, settings.tls_key_file)
    except (OSError, ssl.SSLError) as problem:
        raise ConfigurationError(f"{table}.tls_certificate_file or tls_key_file: {problem}") from None
    if settings.tls_client_ca_file is not None:
        try:
            context.load_verify_locations(settings.tls_client_ca_file)
        except (OSError, ssl.SSLError) as problem:
            raise ConfigurationError(f"{table}.tls_client_ca_file: {problem}") from None
        context.verify_mode = ssl.CERT_REQUIRED
    return context
