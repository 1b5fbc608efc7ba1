"""When to fetch what: one coordinator per rhythm."""
