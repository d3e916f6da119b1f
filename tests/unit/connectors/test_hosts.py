"""Addresses: what may be called at all."""

from __future__ import annotations

import pytest

from connectors.hosts import host_of, is_loopback
from mapping.errors import ConfigError


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://WWW.Example.com/x?y", "www.example.com"),
        ("https://example.com:443", "example.com"),
        ("https://example.com:8443/", "example.com:8443"),
        ("http://127.0.0.1:9101", "127.0.0.1:9101"),
        ("http://localhost", "localhost"),
        ("http://[::1]:9101/a", "[::1]:9101"),
    ],
)
def test_a_host_is_spelled_in_one_way(url, host):
    assert host_of(url) == host


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com",
        "ftp://example.com",
        "//example.com",
        "example.com",
        "",
        "https://",
        "https://a@example.com",
        "https://example.com@evil.example",
        "https://example.com:99999",
        "http://169.254.169.254/",
        "https://a\\b.example",
        "https://exa%6dple.com",
        "http://127.0.0.1.evil.example",
        "http://[::1",
        "file:///etc/passwd",
    ],
)
def test_anything_but_https_or_loopback_http_is_refused(url):
    with pytest.raises(ConfigError):
        host_of(url)


@pytest.mark.parametrize(
    ("name", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("localhost", True),
        ("10.0.0.1", False),
        ("localhost.x", False),
    ],
)
def test_loopback_is_told_by_its_spelling(name, local):
    assert is_loopback(name) is local
