"""Run Home Assistant for working on the integration, on a folder that stays."""

from collections.abc import Sequence
import os
import sys

from . import config_folder
from .bare import ROOT
from .process import PortInUseError, check_port

FOLDER = ROOT / ".develop"
PORT = 8123


def main(arguments: Sequence[str]) -> None:
    """Become Home Assistant, with our arguments added to its own."""
    try:
        check_port(PORT)
    except PortInUseError as error:
        sys.exit(f"error: {error}")
    config_folder.seed(FOLDER, port=PORT, log_level="debug")
    print(f"http://localhost:{PORT} on {FOLDER}", flush=True)
    command = [sys.executable, "-m", "homeassistant", "--config", str(FOLDER)]
    options = ["--skip-pip", "--debug", *arguments]
    os.chdir(FOLDER)
    os.execve(  # noqa: S606 a terminal and its signals belong to Home Assistant alone
        sys.executable,
        [*command, *options],
        os.environ | {"PYTHONPATH": config_folder.python_path(FOLDER)},
    )


if __name__ == "__main__":
    main(sys.argv[1:])
