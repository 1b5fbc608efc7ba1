"""What the user's own change of a lever means for the feature that held it."""

from dataclasses import replace
from datetime import datetime, timedelta

from . import curtailment, spike_response
from .model.decisions import Feature, Lever
from .standing import Standing

OWNER_TARIFF_HOLDS = timedelta(hours=4)
"""How long a tariff that the owner chose in the Tesla app is left alone.

Not for ever: Tesla and utilities also replace tariffs by themselves, and the sync
must not stay off for good without anybody having said so.
"""


def overruled(
    standing: Standing, lever: Lever, feature: Feature, now: datetime
) -> Standing:
    """Return the state after the user changed a lever that a feature held.

    What the feature does is over, all of it: half a force would be no force. It comes
    back with the next occasion, not with this one.
    """
    if lever is Lever.TARIFF:
        standing = replace(standing, owner_tariff_until=now + OWNER_TARIFF_HOLDS)
    match feature:
        case Feature.FORCE:
            return replace(standing, force=None)
        case Feature.SPIKE_RESPONSE:
            return replace(standing, spike=spike_response.overrule(standing.spike))
        case Feature.CURTAILMENT:
            return replace(
                standing, curtailment=curtailment.overrule(standing.curtailment)
            )
        case Feature.SAFETY:
            return replace(standing, mode_yielded=True)
        case Feature.PLAN:
            return replace(standing, pushed=None)
        case Feature.MANUAL | Feature.PRICE_SYNC | Feature.REPLAN:
            return standing


def reinstated(standing: Standing, before: Standing, *, given: Standing) -> Standing:
    """Return the state after the user's change turned out to be impossible.

    ``before`` is as it was before the change and ``given`` as the change had made it.
    What the user has wanted since stays.
    """

    def still[T](now: T, was: T, became: T) -> T:
        return was if now == became else now

    return replace(
        standing,
        journal=before.journal,
        force=still(standing.force, before.force, given.force),
        spike=still(standing.spike, before.spike, given.spike),
        curtailment=still(standing.curtailment, before.curtailment, given.curtailment),
        pushed=still(standing.pushed, before.pushed, given.pushed),
        owner_tariff_until=still(
            standing.owner_tariff_until,
            before.owner_tariff_until,
            given.owner_tariff_until,
        ),
        mode_yielded=still(
            standing.mode_yielded, before.mode_yielded, given.mode_yielded
        ),
    )


def called_off(standing: Standing, now: datetime) -> Standing:
    """Return the state after the user has called off everything temporary."""
    for lever, feature in (
        (Lever.OPERATION_MODE, Feature.FORCE),
        (Lever.OPERATION_MODE, Feature.SPIKE_RESPONSE),
        (Lever.EXPORT_RULE, Feature.CURTAILMENT),
    ):
        standing = overruled(standing, lever, feature, now)
    return replace(standing, pushed=None, owner_tariff_until=None)
