"""A script that an agent starts: its parameters come as arguments and as its config."""

import sys

import wandb

run = wandb.init()
run.log({"loss": run.config["lr"] * 2})
run.config["given"] = sys.argv[1:]
run.finish()
