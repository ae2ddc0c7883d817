"""Goes on with a run: argv has the mode, and how many rows to log."""

import sys

import wandb
from told import tell

mode, rows, *more = sys.argv[1:]
options = {} if mode == "none" else {"resume": mode}
if more:
    options["config"] = {more[0]: 1}
run = wandb.init(id="resumed", **options)
tell(resumed=run.resumed, first=run.step)
run.define_metric("custom")
for index in range(int(rows)):
    run.log({"loss": index, "custom": index, "deep": {"er": index}, "_session": 1})
    print(f"{mode} line {index}")
tell(last=run.step)
run.finish()
