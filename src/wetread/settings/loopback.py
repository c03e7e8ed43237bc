"""Which host is this very machine."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """True for this machine's own addresses and for the name localhost, for nothing that merely looks like them."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
