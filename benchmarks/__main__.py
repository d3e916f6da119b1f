"""``python -m benchmarks [W1 W2 ...]``: run works and print one row for each."""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.works import WORKS, Row, Size


def main() -> None:
    """Run what the command line names; with nothing named, everything."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("works", nargs="*", help=f"of {', '.join(WORKS)}; all when none is named")
    parser.add_argument("--json", action="store_true", help="one JSON object a row instead of a table")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the works; goals hold for 1")
    parser.add_argument("--repeats", type=int, default=3, help="runs of which the median counts")
    asked = parser.parse_args()
    unknown = set(asked.works) - set(WORKS)
    if unknown:
        parser.error(f"no work is called {', '.join(sorted(unknown))}")
    size = Size(scale=asked.scale, repeats=asked.repeats)
    if not asked.json:
        print(f"commit {_commit()}, scale {size.scale:g}, median of {size.repeats}\n\n{_HEAD}", flush=True)
    for name in asked.works or WORKS:
        with tempfile.TemporaryDirectory(prefix="duban-benchmark-") as folder:
            _show(WORKS[name](Path(folder), size), as_json=asked.json)


_HEAD = (
    "| work | duban s (CPU) | bare s | ratio | goal | met | calls | credits | peak MiB | |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


def _show(rows: Sequence[Row], *, as_json: bool) -> None:
    for row in rows:
        if as_json:
            print(json.dumps({**asdict(row), "ratio": row.ratio}, ensure_ascii=False), flush=True)
            continue
        bare = f"{row.bare_s:.2f}" if row.bare_s is not None else "-"
        ratio = f"{row.ratio:.2f}" if row.ratio is not None else "-"
        met = "yes" if row.met else "NO"
        print(
            f"| {row.work} | {row.ours_s:.2f} ({row.ours_cpu_s:.2f}) | {bare} | {ratio} | {row.goal} | {met} | "
            f"{row.calls} | {row.credits} | {row.peak_mib:.0f} | {row.said} |",
            flush=True,
        )


def _commit() -> str:
    found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


if __name__ == "__main__":
    main()
