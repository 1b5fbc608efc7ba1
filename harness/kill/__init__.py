"""Kill Home Assistant at every moment, and see that its owner's settings come back."""
