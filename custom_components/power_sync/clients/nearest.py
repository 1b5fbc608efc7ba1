"""Find what somebody may have meant to type."""

from collections.abc import Iterable


def nearest(text: str, choices: Iterable[str], limit: int) -> tuple[str, ...]:
    """Return the choices most like a text, best first; equals in their own order."""
    ranked = sorted(choices, key=lambda choice: edit_distance(text, choice))
    return tuple(ranked[:limit])


def edit_distance(one: str, other: str) -> int:
    """Return how many characters to insert, delete or replace (Levenshtein)."""
    row = list(range(len(other) + 1))
    for done, character in enumerate(one, start=1):
        above, row = row, [done]
        for column, candidate in enumerate(other):
            row.append(
                min(
                    row[column] + 1,
                    above[column + 1] + 1,
                    above[column] + (character != candidate),
                )
            )
    return row[-1]
