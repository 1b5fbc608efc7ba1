"""The only code that changes devices: journal first, difference only, read back."""
