"""How long commands take to start, as ratios to importing what they cannot do without.

    python benchmarks/startup.py [--runs 10]

Each row alternates between the command and the baseline `python -c "import yaml, jsonschema, typer"`, so that
the noise of the machine hits both, and states the ratio of the medians. The last row starts
`agentrun serve agents/support.yaml` on the embedded engine and waits for the line that names the page.

Python keeps the compiled form of modules, and pip makes it when it installs a package. A checkout that runs
with PYTHONDONTWRITEBYTECODE has none of its own, so that each start compiles agentrun again, while the
baseline has all of its. Processes are therefore given a folder for it, as if agentrun were installed.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeAlias

ROOT = Path(__file__).parents[1]
BASELINE = [sys.executable, "-c", "import yaml, jsonschema, typer"]
Measure: TypeAlias = Callable[[], float]
COMMANDS = {
    "agentrun --help": ["--help"],
    "agentrun validate FILE": ["validate", "agents/support.yaml"],
    "agentrun compile FILE": ["compile", "agents/support.yaml"],
}


def make_environment(bytecode: Path | None) -> dict[str, str]:
    """Return variables for processes that keep bytecode in a folder, or make none."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    kept |= {"PYTHONPYCACHEPREFIX": str(bytecode)} if bytecode else {"PYTHONDONTWRITEBYTECODE": "1"}
    return kept


def time_process(command: list[str], environment: Mapping[str, str]) -> float:
    """Return the seconds that a process takes from start to end."""
    began = time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    return time.perf_counter() - began


def time_until_served(environment: Mapping[str, str]) -> float:
    """Return the seconds from the start of `serve` to the line with the page's address."""
    command = [sys.executable, "-m", "agentrun", "serve", "agents/support.yaml", "--port", "0"]
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    while not process.stdout.readline().startswith("page:"):
        if process.poll() is not None:
            raise SystemExit("serve ended before it was ready")
    seconds = time.perf_counter() - began
    process.send_signal(signal.SIGTERM)
    process.communicate()
    return seconds


def compare(measure: Measure, other: Measure, runs: int) -> tuple[float, float]:
    """Return the medians of two measures over alternating runs; one run before them counts for nothing."""
    for unmeasured in (measure, other):
        unmeasured()
    pairs = [(measure(), other()) for _ in range(runs)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="How long commands take to start.")
    parser.add_argument("--runs", type=int, default=10)
    runs = parser.parse_args().runs
    print(f"{'command':<26}{'median s':>10}{'baseline s':>12}{'ratio':>8}   ({runs} runs each)")
    with tempfile.TemporaryDirectory() as folder:
        environment = make_environment(Path(folder))
        rows: dict[str, Measure] = {
            name: partial(time_process, [sys.executable, "-m", "agentrun", *arguments], environment)
            for name, arguments in COMMANDS.items()
        }
        rows["agentrun serve, ready"] = partial(time_until_served, environment)
        for name, measure in rows.items():
            report(name, measure, partial(time_process, BASELINE, environment), runs)


def report(name: str, measure: Measure, baseline_of: Measure, runs: int) -> None:
    """Print one row."""
    seconds, baseline = compare(measure, baseline_of, runs)
    print(f"{name:<26}{seconds:>10.3f}{baseline:>12.3f}{seconds / baseline:>8.2f}")


if __name__ == "__main__":
    main()
