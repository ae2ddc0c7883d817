"""Ends by an exception."""

import wandb
from told import tell_run

run = wandb.init()
tell_run(run)
run.log({"loss": 1})
raise RuntimeError("on purpose")
