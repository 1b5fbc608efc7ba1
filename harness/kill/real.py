"""Have real processes killed, beside everything else and in the environment for them."""

import json
import os
import signal
import subprocess

from harness.bare import ROOT

from .cuts import Cut
from .plan import Outcome
from .sweep import Verdict
from .verdict import Findings

KILLS = 6
NAME = "real-processes"
_PYTHON = ROOT / ".venv-run" / "bin" / "python"
_PATIENCE = 1800.0


class RealKills:
    """Kills of a real Home Assistant, under way in a process of their own."""

    def __init__(self, seed: int, kills: int) -> None:
        """Plan so many kills."""
        self._seed = seed
        self._kills = kills
        self._process: subprocess.Popen[str] | None = None
        self.skipped = ""
        """Why there are none."""

    def start(self) -> None:
        """Begin, if that is possible here."""
        if self._kills < 1:
            self.skipped = "none were asked for"
            return
        if not _PYTHON.exists():
            self.skipped = (
                "the environment .venv-run is not there (scripts/demo has it)"
            )
            return
        self._process = subprocess.Popen(
            [
                *(str(_PYTHON), "-P", "-m", "harness.kill.processes"),
                *("--seed", str(self._seed), "--kills", str(self._kills)),
            ],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def wait(self) -> Outcome | None:
        """Wait for the end and return what became of it, None if there was nothing."""
        if self._process is None:
            return None
        output, _ = self._process.communicate(timeout=_PATIENCE)
        remarks: tuple[str, ...] = ()
        kills = []
        if self._process.returncode:
            remarks = ("the kills could not be made; what is above says why",)
        else:
            kills = json.loads(output)
        return Outcome(
            name=NAME,
            awaits=0,
            states=0,
            verdicts=tuple(
                Verdict(
                    Cut(feature=NAME, step=number),
                    Findings(tuple(f"{label}: {problem}" for problem in problems)),
                )
                for number, (label, problems) in enumerate(kills, start=1)
            ),
            remarks=remarks,
        )

    def stop(self) -> None:
        """End what is still under way."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait()
