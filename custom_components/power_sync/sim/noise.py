"""Numbers that look random and depend on nothing but their keys."""

_MASK = (1 << 64) - 1


def uniform(*keys: int) -> float:
    """Return a number in [0, 1), always the same one for the same keys.

    A hash instead of a generator: the answer for a moment does not depend on what
    was asked before, so the polling pattern cannot change the simulated world.
    The mixing steps are those of SplitMix64 (public domain, Sebastiano Vigna).
    """
    state = 0x9E3779B97F4A7C15
    for key in keys:
        state = ((state ^ (key & _MASK)) * 0xBF58476D1CE4E5B9) & _MASK
        state ^= state >> 31
        state = (state * 0x94D049BB133111EB) & _MASK
        state ^= state >> 29
    return (state >> 11) / (1 << 53)


def bell(*keys: int) -> float:
    """Return a number of mean 0 and deviation 1, bell-shaped, within +-3.5."""
    total = (
        uniform(*keys, 1) + uniform(*keys, 2) + uniform(*keys, 3) + uniform(*keys, 4)
    )
    return (total - 2.0) * 1.7320508
