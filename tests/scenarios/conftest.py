"""What all scenario tests have in common."""

import logging

import pytest


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Leave out the chatter: a day of it costs time and hides what matters."""
    caplog.set_level(logging.WARNING)
