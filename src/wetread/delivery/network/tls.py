"""TLS towards a peer: its certificate is always checked, ours is shown where the site names one."""

import ssl

from wetread.errors import ConfigurationError
from wetread.settings import TlsSettings


def client_context(name: str, own: TlsSettings | None) -> ssl.SSLContext:
    """How the connections of the destination of that name are secured; without settings by the system's CAs.

    Raises: ConfigurationError naming the file that does not fit.
    """
    own = own or TlsSettings()
    try:
        context = ssl.create_default_context(cafile=None if own.ca_file is None else str(own.ca_file))
    except (OSError, ssl.SSLError) as problem:
        raise _unfit(name, "ca_file", problem) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = own.check_host
    if own.certificate_file is not None:
        try:
            context.load_cert_chain(own.certificate_file, own.key_file, password=lambda: "")
        except (OSError, ssl.SSLError, ValueError) as problem:
            raise _unfit(name, "certificate_file or key_file", problem) from None
    elif own.key_file is not None:
        raise ConfigurationError(f"service.destinations.{name}.tls: key_file is set without certificate_file")
    return context


def _unfit(name: str, key: str, problem: Exception) -> ConfigurationError:
    why = getattr(problem, "strerror", None) or str(problem)
    return ConfigurationError(f"service.destinations.{name}.tls.{key}: {why}")
