"""One peer's share of the workload: python workload.py PEER TASK DIRECTORY BUDGET_SECONDS; prints a line of JSON.

A peer is a module beside this one with `open_run(directory, name)`, which answers an object with `log(row, step)` and
`finish()`; `open_fill(directory, name)`, which answers an object with `add(start, values)`, one metric's values at the steps
from `start` on, and `finish()`; and, where the library has a reader of its own, `read(directory, names)`, which answers how
many points it read.
"""

import importlib
import json
import math
import os
import random
import sys
import time

ROWS = 20_000
STEPS = 100_000
# Points of one call, for those that take many at once: the most that MLflow takes.
PART = 1000
# Fewer steps than these say nothing, whatever they take.
LEAST = 5000


def row_at(step):
    """The row of ten numbers that `log.10.p50` logs."""
    return {
        "loss": 1 / (step + 1),
        "accuracy": step / ROWS,
        "grad/norm": math.sin(step),
        "grad/max": math.cos(step),
        "lr": 1e-4,
        "epoch": step // 100,
        "tokens": step * 1024,
        "time/forward": 0.01 + step % 7,
        "time/backward": 0.02 + step % 11,
        "memory": 1e9 + step,
    }


def quantile(values, share):
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def log(peer, directory, budget):
    """What a call costs its caller, who computes 50 us between two of them."""
    run = peer.open_run(directory, "log")
    until = time.monotonic() + budget
    taken = []
    for step in range(ROWS):
        row = row_at(step)
        waited = time.perf_counter() + 50e-6
        while time.perf_counter() < waited:
            pass
        before = time.perf_counter()
        run.log(row, step)
        taken.append((time.perf_counter() - before) * 1e6)
        if time.monotonic() > until:
            break
    run.finish()
    counted = taken[len(taken) // 10 :]
    return {"calls": len(taken), "p50": quantile(counted, 0.5), "p99": quantile(counted, 0.99)}


def rate(peer, directory, budget):
    """Points a second from the first call to the end of the library's own finish, and what they take on disk."""
    run = peer.open_run(directory, "rate")
    before = time.perf_counter()
    rows = 0
    while rows < ROWS and time.perf_counter() - before < budget:
        run.log(row_at(rows), rows)
        rows += 1
    run.finish()
    return {"points": rows * 10, "seconds": time.perf_counter() - before}


def fill(peer, directory, budget):
    """Runs of 100 000 steps of one metric, ten at most; where the budget ends before the first does, it is shorter."""
    generator = random.Random(1)
    until = None
    runs, steps = 0, STEPS
    while runs < 10 and (runs == 0 or time.perf_counter() < until) and steps == STEPS:
        run = peer.open_fill(directory, f"run-{runs}")
        # To open the first takes long, and is no part of it.
        until = until or time.perf_counter() + budget
        done = 0
        while done < STEPS and (runs > 0 or done < LEAST or time.perf_counter() < until):
            run.add(done, [3 * math.exp(-step / 1e5) + generator.random() / 5 for step in range(done, done + PART)])
            done += PART
        run.finish()
        runs, steps = runs + 1, done
    return {"runs": runs, "steps": steps}


def read(peer, directory, budget):
    """The time to read one run's points, then those of all that `fill` stored."""
    with open(os.path.join(directory, "filled.json"), encoding="utf8") as file:
        filled = json.load(file)
    runs, steps = filled["runs"], filled["steps"]
    names = [f"run-{index}" for index in range(runs)]
    before = time.perf_counter()
    points = peer.read(directory, names[:1])
    one = time.perf_counter() - before
    before = time.perf_counter()
    all_points = peer.read(directory, names) if runs > 1 else points
    all_seconds = time.perf_counter() - before if runs > 1 else one
    if points != steps or all_points != steps * runs:
        raise SystemExit(f"{points} and {all_points} points were read of {steps} and {steps * runs}")
    return {**filled, "one": one, "all": all_seconds}


def main():
    name, task, directory, budget = sys.argv[1:]
    os.makedirs(directory, exist_ok=True)
    os.chdir(directory)
    peer = importlib.import_module(name)
    answer = {"log": log, "rate": rate, "fill": fill, "read": read}[task](peer, directory, float(budget))
    if task == "fill":
        with open(os.path.join(directory, "filled.json"), "w", encoding="utf8") as file:
            json.dump(answer, file)
    print(json.dumps({**answer, "hasReader": hasattr(peer, "read")}), flush=True)
    # Some libraries keep threads that nobody ends.
    os._exit(0)


main()
