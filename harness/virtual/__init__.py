"""Whole days in seconds: a clock that jumps, a network in memory, Home Assistant."""
