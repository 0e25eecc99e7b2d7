"""Long-running programs of the embedded stack: start, look, stop; only ever those it started itself."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil


class ServiceError(Exception):
    """A service did not start or died; the message names its log."""


@dataclass(frozen=True)
class Service:
    """One program: its command line, environment, and how to know that it is ready."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    home: Path
    ready: Callable[[], bool] = lambda: True

    @property
    def log(self) -> Path:
        """The file its output goes to."""
        return self.home / "logs" / f"{self.name}.log"

    @property
    def pid_file(self) -> Path:
        """Holds the process id and the moment it started, so that a reused id is never mistaken for ours."""
        return self.home / "run" / f"{self.name}.pid"

    def process(self) -> psutil.Process | None:
        """The running process, if it is still the one that was started."""
        try:
            pid, started = self.pid_file.read_text().split()
            process = psutil.Process(int(pid))
            if abs(process.create_time() - float(started)) < 1 and process.status() != psutil.STATUS_ZOMBIE:
                return process
        except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
            pass
        return None

    def start(self) -> None:
        """Start the program in its own session, unless it runs already."""
        if self.process() is not None:
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.pid_file.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                self.command, env=dict(self.environment), stdout=log, stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL, start_new_session=True, cwd=self.home,
            )  # fmt: skip
        self.pid_file.write_text(f"{process.pid} {psutil.Process(process.pid).create_time()}")

    def wait_until_ready(self, seconds: float = 120) -> None:
        """Wait until the service answers.

        Raises:
            ServiceError: it died, or did not answer in time.
        """
        deadline = time.monotonic() + seconds
        while True:
            # Ours must live: another program may answer at the same address.
            is_ready = self.ready()
            if self.process() is None:
                raise ServiceError(f"{self.name} stopped while starting. Its log: {self.log}\n{self._last_lines()}")
            if is_ready:
                return
            if time.monotonic() > deadline:
                raise ServiceError(f"{self.name} did not answer within {seconds:.0f} s. Its log: {self.log}")
            time.sleep(0.3)

    def stop(self, seconds: float = 20) -> None:
        """End the program and its children, politely first."""
        process = self.process()
        if process is not None:
            family = [process, *process.children(recursive=True)]
            # First alone: Airflow's programs end their own children, and the triggerer waits ten seconds for one that
            # was ended by somebody else.
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
            _, alive = psutil.wait_procs(family, timeout=3)
            if alive:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)
                _, alive = psutil.wait_procs(alive, timeout=seconds)
            for left in alive:
                left.kill()
            psutil.wait_procs(alive, timeout=5)
        self.pid_file.unlink(missing_ok=True)

    def _last_lines(self, count: int = 8) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])


def answers(url: str) -> Callable[[], bool]:
    """A readiness check: does this address answer 200?"""

    def ask() -> bool:
        try:
            return httpx.get(url, timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    return ask
