"""Tokens that say something about themselves."""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
import json
from typing import Any


def unsigned_token(claims: Mapping[str, Any]) -> str:
    """Return a JSON web token (RFC 7519) that anybody can read and nobody signed."""
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    encoded = [
        urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
        for part in parts
    ]
    return ".".join([*encoded, "c2ltdWxhdGVk"])
