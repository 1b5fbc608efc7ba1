"""What there is to know about the ways in to a Powerwall."""

from collections.abc import Mapping
from typing import Protocol

from ..clients.errors import ClientError


class WaysIn(Protocol):
    """Several ways in to one Powerwall, of which one is used."""

    @property
    def current(self) -> str:
        """Return the name of the way in use."""
        ...

    @property
    def failures(self) -> Mapping[str, ClientError]:
        """Return the newest error of each way that has not worked since, by name."""
        ...

    @property
    def refused(self) -> frozenset[str]:
        """Return the names of the ways whose credentials were not accepted."""
        ...
