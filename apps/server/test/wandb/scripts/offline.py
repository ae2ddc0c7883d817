"""Logs without a server; `wandb sync` sends it later."""

import wandb
from told import tell

run = wandb.init(mode="offline", id="was-offline", config={"lr": 0.5})
for step in range(30):
    run.log({"loss": step})
    print(f"line {step}")
run.finish()
tell(directory=run.dir)
