"""How long commands take to start, as ratios to importing what they cannot do without.

    python benchmarks/startup.py [--runs 10]

Each row alternates between the command and the baseline `python -c "import yaml, jsonschema, typer"`, so that
the noise of the machine hits both, and states the ratio of the medians. The last row starts
`agentrun serve agents/support.yaml` on the embedded engine and waits for the line that names the page.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
BASELINE = [sys.executable, "-c", "import yaml, jsonschema, typer"]
COMMANDS = {
    "agentrun --help": ["--help"],
    "agentrun validate FILE": ["validate", "agents/support.yaml"],
    "agentrun compile FILE": ["compile", "agents/support.yaml"],
}


def time_process(command: list[str]) -> float:
    """Return the seconds that a process takes from start to end."""
    began = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - began


def time_until_served() -> float:
    """Return the seconds from the start of `serve` to the line with the page's address."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
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


def compare(measure: Callable[[], float], runs: int) -> tuple[float, float]:
    """Return the medians of the command and of the baseline over alternating runs."""
    pairs = [(measure(), time_process(BASELINE)) for _ in range(runs)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="How long commands take to start.")
    parser.add_argument("--runs", type=int, default=10)
    runs = parser.parse_args().runs
    rows: dict[str, Callable[[], float]] = {
        name: lambda arguments=arguments: time_process([sys.executable, "-m", "agentrun", *arguments])  # type: ignore[misc]
        for name, arguments in COMMANDS.items()
    }
    rows["agentrun serve, ready"] = time_until_served
    print(f"{'command':<26}{'median s':>10}{'baseline s':>12}{'ratio':>8}   ({runs} runs each)")
    for name, measure in rows.items():
        seconds, baseline = compare(measure, runs)
        print(f"{name:<26}{seconds:>10.3f}{baseline:>12.3f}{seconds / baseline:>8.2f}")


if __name__ == "__main__":
    main()
