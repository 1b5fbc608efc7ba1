"""Run the kill sweep on a control that is broken on purpose.

``python -m tests.scenarios.broken_control HOW ARGUMENT...``: a program of its own,
because dead loops are best left behind by a process that ends.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
import os
import sys
from typing import Any
from unittest.mock import patch

from custom_components.power_sync.control import store
from custom_components.power_sync.control.actuator import Actuator, Attempt
from custom_components.power_sync.core.journal import Journal
from custom_components.power_sync.core.model.decisions import Lever, LeverValue
from custom_components.power_sync.stored.standing import standing_to_stored
from harness import killsweep

restore = Actuator.restore
to_stored = standing_to_stored


async def only_in_memory(self: Actuator, _lever: Lever, journal: Journal) -> None:
    """Write the journal after the command: with the read-back, at the earliest."""
    self._store.standing = replace(self._store.standing, journal=journal)


async def clear_first(
    self: Actuator, lever: Lever, value: LeverValue, *args: Any, **more: Any
) -> Attempt:
    """Forget what is owed before it has been read back."""
    entry = self.journal.entry(lever)
    if entry is not None and not more.get("force"):
        kept = self.journal
        await self.save(kept._with_entry(lever, None))
        # Only on the disk is it forgotten too early.
        self._store.standing = replace(self._store.standing, journal=kept)
    return await restore(self, lever, value, *args, **more)


def without(key: str, value: object) -> Callable[..., dict[str, Any]]:
    """Write everything but one part of the state."""
    return lambda standing: {**to_stored(standing), key: value}


HOW: Mapping[str, tuple[object, str, object]] = {
    "journal-after-command": (Actuator, "_write_ahead", only_in_memory),
    "cleared-before-read-back": (Actuator, "restore", clear_first),
    "force-not-written": (store, "standing_to_stored", without("force", None)),
}


if __name__ == "__main__":
    target, name, broken = HOW[sys.argv[1]]
    with patch.object(target, name, broken):
        status = killsweep.main(sys.argv[2:])
    sys.stdout.flush()
    os._exit(status)
