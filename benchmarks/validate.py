"""What `agentrun validate` costs: a whole process, a thousand files in one process, and hostile files.

    python benchmarks/validate.py [--runs 10] [--check-jsonschema PATH] [--most 10000]

Processes are compared as ratios of medians over alternating runs, so that the noise of the machine hits
both: with importing `yaml, jsonschema, typer`, and, where the path of an installed `check-jsonschema` is
given, with that tool on the same file and the schema of agent files.

In one process, agent files of 60 lines (no two alike) are checked in folders of growing size: files per
second of processor time, and how the time for one file grows; the goals are 500 a second, and no growth. At
last, each hostile file states what refusing it takes; the goals are 100 ms and 50 MiB.

The goal for a process is 1.3 times the baseline, as an installed package: see `startup` about bytecode. It
takes about 1.0 times. A checkout that may keep no bytecode compiles some forty modules of agentrun at each
start, which is half of its time, and takes about 1.4 times: above the goal, and the floor without bytecode,
since every module that a check needs is compiled again.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
import tracemalloc
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from agentrun.config import build_agent_schema, check_paths
from benchmarks.startup import BASELINE, ROOT, compare, make_environment, time_process
from tests.config.test_hostile import HOSTILE

FILE = "agents/support.yaml"
HEAD = """\
version: 1
name: desk-{number}
description: Order desk number {number}
model: gpt-realtime-2.1
voice: marin
language: en
instructions: |
  You answer the telephone of shop {number}.
  Ask for the order number, and look the order up before you say anything about it.
greeting: Hello, this is {{{{shop}}}}. How can I help?
variables:
  shop: Shop {number}
turn_detection:
  type: semantic_vad
  eagerness: auto
tools:
"""
TOOL = """\
  - name: look_up_{tool}
    description: Look up {tool} {number} when the caller asks about it.
    placeholder: One moment, please.
    timeout: 8s
    http:
      method: GET
      url: https://shop-{number}.example.com/api/{tool}/{{{{id}}}}
    parameters:
      type: object
      properties:
        id: {{type: string, description: What the caller read out}}
      required: [id]
"""


def render_agent(number: int) -> str:
    """Return an agent file of 60 lines."""
    tools = (TOOL.format(tool=tool, number=number) for tool in ("orders", "returns", "invoices"))
    text = HEAD.format(number=number) + "".join(tools)
    return text + "# a note\n" * (60 - text.count("\n"))


def report_processes(runs: int, checker: str | None) -> None:
    """Print the ratios of whole processes."""
    command = [sys.executable, "-m", "agentrun", "validate", FILE]
    with tempfile.TemporaryDirectory() as folder:
        schema = Path(folder, "agent.json")
        schema.write_text(json.dumps(build_agent_schema()))
        others = {"importing yaml, jsonschema, typer": BASELINE}
        if checker:
            others["check-jsonschema"] = [checker, "--schemafile", str(schema), str(ROOT / FILE)]
        for kind, bytecode in {"installed": Path(folder), "without bytecode": None}.items():
            environment = make_environment(bytecode)
            for name, other in others.items():
                ours, theirs = compare(
                    partial(time_process, command, environment),
                    partial(time_process, other, environment),
                    runs,
                )
                print(
                    f"validate ({kind}) / {name}: {ours:.3f} s / {theirs:.3f} s = {ours / theirs:.2f} "
                    f"({runs} runs each)"
                )


def time_files(count: int) -> float:
    """Return the seconds of processor time for each of `count` files in one folder."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            Path(folder, f"agent-{number}.yaml").write_text(render_agent(number))
        began = time.process_time()
        report = check_paths([folder], environment={})
        seconds = time.process_time() - began
    assert len(report.files) == count
    assert not report.findings, report.findings[:3]
    return seconds / count


def report_growth(most: int) -> None:
    """Print the files per second for folders of growing size."""
    time_files(10)
    for count in (size for size in (10, 100, 1000, 10000) if size <= most):
        seconds = statistics.median(time_files(count) for _ in range(3 if count < 1000 else 1))
        print(f"{count:>6} files: {seconds * 1000:.2f} ms each, {1 / seconds:.0f} a second")


def report_hostile() -> None:
    """Print what refusing each hostile file takes."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "agent.yaml")
        for name, text in HOSTILE.items():
            file.write_text(text)
            began = time.perf_counter()
            check_paths([file], environment={})
            milliseconds = (time.perf_counter() - began) * 1000
            tracemalloc.start()
            check_paths([file], environment={})
            peak = tracemalloc.get_traced_memory()[1] / 2**20
            tracemalloc.stop()
            print(f"{name:<28}{milliseconds:>8.1f} ms{peak:>8.1f} MiB")


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description="What `agentrun validate` costs.")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--check-jsonschema", metavar="PATH")
    parser.add_argument("--most", type=int, default=10000, help="the largest folder")
    options = parser.parse_args()
    report_processes(options.runs, options.check_jsonschema)
    report_growth(options.most)
    report_hostile()


if __name__ == "__main__":
    main()
