"""Lines on both streams, and one that is written again and again."""

import sys
import time

import wandb
from told import tell_run

run = wandb.init(settings=wandb.Settings(console="wrap"))
tell_run(run)
print("first line")
print("to stderr", file=sys.stderr)
for step in range(5):
    sys.stdout.write(f"\rprogress {step + 1}/5")
    sys.stdout.flush()
    time.sleep(0.02)
sys.stdout.write("\n")
print("colour \x1b[31mred\x1b[0m ünïcode 記録")
run.finish()
