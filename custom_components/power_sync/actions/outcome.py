"""What became of what was asked for; what came to nothing is an error."""

from collections.abc import Collection, Mapping
from typing import Any

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from ..const import DOMAIN
from ..control.log import describe
from ..core.model.decisions import Action, Feature, Lever, Reason, Record
from ..runtime import Home, Powerwall

IN_VAIN = frozenset(
    {Action.BLOCKED, Action.FAILED, Action.NOT_APPLIED, Action.POSTPONED}
)


def powerwall_of(home: Home) -> Powerwall:
    """Return a home's Powerwall; raises ServiceValidationError without one."""
    if home.powerwall is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_powerwall"
        )
    return home.powerwall


def outcome(record: Record) -> dict[str, Any]:
    """Return what became of a tariff; raises HomeAssistantError if nothing did."""
    if record.action in IN_VAIN:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key=f"push_{record.action.value}",
            translation_placeholders={
                "reason": _words(record.reason.value),
                "error": _words(record.error or ""),
            },
        )
    return describe(record)


def outcomes(
    records: Mapping[Lever, Record],
    concerned: Collection[Lever],
    feature: Feature | None = None,
) -> dict[str, Any]:
    """Return what became of each lever, by its name.

    Raises HomeAssistantError if any of the ``concerned`` was moved in vain or went to
    another than ``feature``; it names those and the ones that were moved.
    """
    asked = [lever for lever in concerned if lever in records]
    failed = {
        lever: why
        for lever in asked
        if (why := _why_not(records[lever], feature)) is not None
    }
    fine = [lever for lever in asked if lever not in failed]
    if failed and not (fine and all(_is_missing(records[lever]) for lever in failed)):
        problems = "; ".join(f"{_words(lever)} {why}" for lever, why in failed.items())
        done = [
            _words(lever)
            for lever in fine
            if records[lever].action is not Action.UNCHANGED
        ]
        if not done:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="nothing_done",
                translation_placeholders={"problems": problems},
            )
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="partly_done",
            translation_placeholders={"problems": problems, "done": ", ".join(done)},
        )
    return {lever.value: describe(record) for lever, record in records.items()}


def _why_not(record: Record, feature: Feature | None) -> str | None:
    """Return why a lever was not moved for a feature, None if it was."""
    winner = record.feature
    if feature is not None and winner is not None and winner is not feature:
        return f"belongs to {_words(winner.name.lower())}, which comes first"
    reason = _words(record.error or record.reason.value)
    match record.action:
        case Action.FAILED:
            return f"could not be sent ({reason})"
        case Action.NOT_APPLIED:
            return "was accepted, but the Powerwall still shows another value"
        case Action.POSTPONED:
            return "has to wait for a few minutes"
        case Action.BLOCKED:
            return f"is left as it is ({reason})"
    return None


def _is_missing(record: Record) -> bool:
    """Return whether a site has no such setting, which the rest can do without."""
    return record.reason is Reason.NOT_OFFERED


def _words(name: str) -> str:
    """Return a published name as words."""
    return name.replace("_", " ")
