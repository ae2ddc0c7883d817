"""A script that an agent starts: it logs until there is a file `let-go` where it runs, which it removes."""

import os
import time

import wandb

run = wandb.init()
step = 0
while not os.path.exists("let-go"):
    run.log({"loss": step})
    step += 1
    time.sleep(0.2)
os.remove("let-go")
run.finish()
