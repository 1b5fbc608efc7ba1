"""Write a configuration folder that Home Assistant starts from without questions.

A fresh installation would ask for a country, join multicast groups on every network,
install packages for integrations nobody asked for, and listen on all addresses. The
files written here answer all of that: one address, one adapter, no network.
"""

from datetime import UTC, datetime
import json
from pathlib import Path
from typing import Any

from .bare import ROOT

CONFIGURATION = """\
homeassistant:
  name: Home
  time_zone: {time_zone}
  country: AU
  currency: AUD
  unit_system: metric
  latitude: -33.8688
  longitude: 151.2093
  elevation: 20
config:
energy:
frontend:
history:
logbook:
recorder:
logger:
  default: {log_level}
"""

# Home Assistant's voice parts want two packages that have to be compiled. They are set
# up by default and never used here; empty stand-ins are enough to import.
STAND_INS = {
    "pymicro_vad.py": "class MicroVad:\n    pass\n",
    "pyspeex_noise.py": "class AudioProcessor:\n    pass\n",
}


def seed(
    folder: Path,
    *,
    port: int,
    time_zone: str = "Australia/Sydney",
    log_level: str = "info",
) -> None:
    """Fill `folder` for a Home Assistant on 127.0.0.1:`port`, integration linked in.

    A folder that was used before keeps its accounts, entries and history; the port and
    the link are brought up to date.
    """
    storage = folder / ".storage"
    storage.mkdir(parents=True, exist_ok=True)
    (folder / "configuration.yaml").write_text(
        CONFIGURATION.format(time_zone=time_zone, log_level=log_level)
    )
    _write_stand_ins(folder)
    _link_integration(folder)

    # An `http:` section in YAML is only on trial: after five minutes Home Assistant
    # falls back to port 8123 on all addresses. The stored form is final.
    _store(storage, "http", 3, _http(port))
    if not (storage / "onboarding").exists():
        # Everything but the first user. "core_config" in particular would set up
        # integrations that need packages and the internet.
        done = ["core_config", "analytics", "integration"]
        _store(storage, "onboarding", 4, {"done": done})
    # Loopback only, or the first web session fails on a machine without a network.
    _store(storage, "core.network", 1, {"configured_adapters": ["lo"]})


def python_path(folder: Path) -> str:
    """Return the value of PYTHONPATH that makes the stand-ins importable."""
    return str(folder / "stand_ins")


def _write_stand_ins(folder: Path) -> None:
    (folder / "stand_ins").mkdir(exist_ok=True)
    for name, text in STAND_INS.items():
        (folder / "stand_ins" / name).write_text(text)


def _link_integration(folder: Path) -> None:
    link = folder / "custom_components"
    link.unlink(missing_ok=True)  # the checkout may have moved
    link.symlink_to(ROOT / "custom_components", target_is_directory=True)


def _http(port: int) -> dict[str, Any]:
    stable = {
        "server_host": ["127.0.0.1"],
        "server_port": port,
        "cors_allowed_origins": [],
        "login_attempts_threshold": -1,
        "ip_ban_enabled": True,
        "ssl_profile": "intermediate_v6",
        "use_x_frame_options": True,
        "created_at": datetime.now(UTC).isoformat(),
        "error": None,
        "error_message": None,
    }
    return {"stable": stable, "pending": None, "yaml_migration_done": True}


def _store(storage: Path, key: str, version: int, data: dict[str, Any]) -> None:
    content = {"version": version, "minor_version": 1, "key": key, "data": data}
    (storage / key).write_text(json.dumps(content))
