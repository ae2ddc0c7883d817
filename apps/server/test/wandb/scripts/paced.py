"""Logs rows of ten numbers at a pace: argv has a number that its values are of, how many rows, and how many a second."""

import sys
import time

import wandb
from told import tell_run

number, rows, pace = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
run = wandb.init(id=f"paced-{number}")
tell_run(run)
begun = time.monotonic()
for step in range(rows):
    time.sleep(max(0.0, begun + step / pace - time.monotonic()))
    run.log({f"m{metric}": number * 1e6 + step + metric / 16 for metric in range(10)})
run.finish()
