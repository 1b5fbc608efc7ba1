"""How a form explains what a service answered."""

from ..clients.errors import (
    AuthError,
    ClientError,
    InvalidDataError,
    RateLimitedError,
    RejectedError,
)
from .service import FormError


def form_error(error: ClientError, token_field: str) -> FormError:
    """Return the text for a client's error and the field it belongs to."""
    match error:
        case AuthError():
            return FormError(token_field, "invalid_auth")
        case RateLimitedError():
            return FormError("base", "rate_limited")
        case InvalidDataError() | RejectedError():
            return FormError("base", "invalid_data")
        case _:
            return FormError("base", "cannot_connect")
