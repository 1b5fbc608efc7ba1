"""Tests of the dashboard strategy and of its YAML twin."""
