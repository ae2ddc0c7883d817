"""One of several processes that write to the same run at once: argv has its label."""

import sys

import wandb
from told import tell_run

label = sys.argv[1]
settings = wandb.Settings(mode="shared", console="wrap")
# Before 0.19 a process had no name.
if hasattr(settings, "x_label"):
    settings.x_label = label
run = wandb.init(settings=settings, config={label: 1})
tell_run(run)
for step in range(5):
    run.log({"loss": step})
print(f"from {label}")
run.finish()
