"""What the user lets PowerSync do on its own."""

from enum import StrEnum


class Switch(StrEnum):
    """A feature that is on or off until the user says otherwise."""

    AUTO_SYNC = "auto_sync"
    """Send every change of price to the Powerwall."""
    SPIKE_PROTECTION = "spike_protection"
    """Make half hours that the source flags as spikes too dear to charge in."""
    EXPORT_BOOST = "export_boost"
    """Make the feed-in of some hours look better than it is."""
    SPIKE_RESPONSE = "spike_response"
    """Sell as much as possible while the wholesale price is extreme."""
    CURTAILMENT = "curtailment"
    """Export nothing while exporting costs money."""
    REAPPLY_EXPORT_RULE = "reapply_export_rule"
    """Set the export rule once more where power flows out in spite of it."""
    REPLAN = "replan"
    """Make the Powerwall look at a settled price at once, by a change of mode."""


DEFAULT_ON = frozenset({Switch.AUTO_SYNC})
