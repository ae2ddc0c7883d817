"""One of several processes that write to the same run at once: argv has its label."""

import sys

import wandb
from told import tell_run

label = sys.argv[1]
settings = wandb.Settings(mode="shared", x_label=label, console="wrap")
run = wandb.init(settings=settings, config={label: 1})
tell_run(run)
for step in range(5):
    run.log({"loss": step})
print(f"from {label}")
run.finish()
