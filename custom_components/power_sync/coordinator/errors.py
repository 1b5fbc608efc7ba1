"""Turn the clients' errors into Home Assistant's, in one place."""

from homeassistant.helpers.update_coordinator import UpdateFailed

from ..clients.errors import (
    AuthError,
    ClientError,
    InvalidDataError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
)
from ..const import DOMAIN


def error_key(error: ClientError) -> str:
    """Return the translation key that explains an error to the user."""
    match error:
        case AuthError():
            return "auth_failed"
        case RateLimitedError():
            return "rate_limited"
        case InvalidDataError():
            return "invalid_data"
        case RejectedError():
            return "rejected"
        case OutcomeUnknownError():
            return "outcome_unknown"
        case _:
            return "unavailable"


def update_failed(error: ClientError, service: str) -> UpdateFailed:
    """Return what a coordinator raises for a client's error."""
    retry_after = error.retry_after if isinstance(error, RateLimitedError) else None
    return UpdateFailed(
        translation_domain=DOMAIN,
        translation_key=error_key(error),
        translation_placeholders={"service": service, "error": str(error)},
        retry_after=retry_after.total_seconds() if retry_after else None,
    )
