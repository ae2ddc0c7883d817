"""A script that logs with wandb at a pace: argv has its number, how many rows, and how many a second.

It says that it is ready when its run has begun, and logs when a line comes in. Its last line is JSON: what each call of `log()`
took its caller in microseconds, and the seconds of the loop and of `finish()`.
"""

import json
import sys
import time

import wandb

number, rows, pace = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
METRICS = 10


def value_at(step, metric):
    """A number that has the same bits in JavaScript, and is of this script, step and metric alone."""
    return number * 1e6 + step + metric / 16


run = wandb.init(project="bench", id=f"paced-{number}")
print("ready", flush=True)
sys.stdin.readline()
taken = []
begun = time.perf_counter()
for step in range(rows):
    time.sleep(max(0.0, begun + step / pace - time.perf_counter()))
    row = {f"m{metric}": value_at(step, metric) for metric in range(METRICS)}
    before = time.perf_counter()
    run.log(row)
    taken.append((time.perf_counter() - before) * 1e6)
looped = time.perf_counter()
run.finish()
ended = time.perf_counter()
print(json.dumps({"taken": taken, "loop": looped - begun, "finish": ended - looped}), flush=True)
