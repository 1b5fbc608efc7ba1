"""What a user can ask for by button or service."""

from .force import extend_force, restore, simulate_spike, start_force
from .profiles import (
    delete_profile,
    export_profile,
    import_profile,
    list_profiles,
    restore_profile,
    save_profile,
)
from .sync import push_plan, push_tariff, refresh

__all__ = [
    "delete_profile",
    "export_profile",
    "extend_force",
    "import_profile",
    "list_profiles",
    "push_plan",
    "push_tariff",
    "refresh",
    "restore",
    "restore_profile",
    "save_profile",
    "simulate_spike",
    "start_force",
]
