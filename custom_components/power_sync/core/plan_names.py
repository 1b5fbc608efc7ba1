"""Names of periods and seasons, as people and as Tesla's tariffs write them.

Tesla takes any label, but its app draws only four of them. A plan's usual names
become those four; any other becomes a label that can still be read.
"""

from collections.abc import Collection, Iterable
import unicodedata

from .model.tesla_tariff import ALL

PEAK = "Peak"
SHOULDER = "Shoulder"
OFF_PEAK = "Off-peak"
SUPER_OFF_PEAK = "Super off-peak"
NAMELESS = "Period"

_PLAN_NAMES = {
    "ON_PEAK": PEAK,
    "PARTIAL_PEAK": SHOULDER,
    "OFF_PEAK": OFF_PEAK,
    "SUPER_OFF_PEAK": SUPER_OFF_PEAK,
}
"""What the labels that Tesla's app shows are called in a plan."""

_LABELS = {
    "PEAK": "ON_PEAK",
    "MID_PEAK": "PARTIAL_PEAK",
    "SHOULDER": "PARTIAL_PEAK",
    "OFFPEAK": "OFF_PEAK",
    "SUPER_OFFPEAK": "SUPER_OFF_PEAK",
}
"""Labels that Tesla's app shows, for names that mean the same."""


def period_labels(names: Iterable[str]) -> dict[str, str]:
    """Return a label for each name of a period, different for different names."""
    labels: dict[str, str] = {}
    for name in dict.fromkeys(names):
        plain = _plain(name).upper() or NAMELESS.upper()
        labels[name] = _free(_LABELS.get(plain, plain), {ALL, *labels.values()})
    return labels


def season_labels(names: Iterable[str]) -> list[str]:
    """Return a label for each season of a plan, in order; no two are the same."""
    labels: list[str] = []
    for name in names:
        labels.append(_free(_plain(name) or "Season", {ALL, *labels}))
    return labels


def plan_name(label: str) -> str:
    """Return what a label is called in a plan; unknown ones stay readable."""
    words = label.replace("_", " ").strip()
    return _PLAN_NAMES.get(label) or (words.capitalize() if words else NAMELESS)


def distinct_name(name: str, taken: Collection[str]) -> str:
    """Return a name, with a number behind it if it is taken."""
    return _free(name, taken, " ")


def _free(wanted: str, taken: Collection[str], joint: str = "_") -> str:
    """Return a text, numbered if it is taken."""
    free, number = wanted, 1
    while free in taken:
        number += 1
        free = f"{wanted}{joint}{number}"
    return free


def _plain(name: str) -> str:
    """Return a name in plain letters and digits, words joined by underscores."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = "".join(letter if letter.isalnum() else " " for letter in letters).split()
    return "_".join(words)
