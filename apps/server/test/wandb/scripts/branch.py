"""Forks or rewinds a run: argv has the keyword of `init` and the run's moment."""

import sys

import wandb
from told import tell

keyword, moment = sys.argv[1:]
run = wandb.init(**{keyword: moment})
tell(id=run.id, first=run.step)
for index in range(3):
    run.log({"loss": 100 + index})
run.finish()
