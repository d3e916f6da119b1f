"""Which hosts we talk to: exact names from the configuration, https always, plain http on loopback only."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from urllib.parse import urlsplit

from mapping.errors import ConfigError

_DEFAULT_PORT = {"https": 443, "http": 80}


def is_loopback(hostname: str) -> bool:
    """Say whether *hostname* is this machine by its spelling alone (no name is looked up)."""
    if hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(hostname).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=256)  # asked before every call, of a few addresses
def host_of(url: str) -> str:
    """Give the host of an address as the allow-list spells it: lower case, the port only when it is not the usual one.

    Raises:
        ConfigError: not https (or http on loopback), no host, or a user name inside the address.
    Shape: "https://WWW.Example.com:443/x" -> "www.example.com"; "http://127.0.0.1:9101" -> "127.0.0.1:9101"
    """
    try:
        parts = urlsplit(url)
        hostname, port = (parts.hostname or "").lower(), parts.port
    except ValueError as exc:
        raise ConfigError("an address cannot be read", zh="地址无法识别") from exc
    if not hostname or parts.username is not None or "\\" in parts.netloc or "%" in parts.netloc:
        raise ConfigError("an address must be https://host[:port]", zh="地址应为 https://主机[:端口]")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(hostname)):
        raise ConfigError(
            f"{hostname}: only https is allowed (http on loopback only)",
            zh=f"{hostname}：只允许 https（http 仅限本机）",
        )
    shown = f"[{hostname}]" if ":" in hostname else hostname
    return shown if port in (None, _DEFAULT_PORT[parts.scheme]) else f"{shown}:{port}"
