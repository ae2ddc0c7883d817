"""Logs for some seconds, long enough for a server to be killed and started again."""

import sys
import time

import wandb
from told import tell, tell_run

rows, pause = int(sys.argv[1]), float(sys.argv[2])
settings = wandb.Settings(**({"x_file_stream_transmit_interval": 1.0} if hasattr(wandb.Settings(), "x_file_stream_transmit_interval") else {}))
run = wandb.init(settings=settings)
tell_run(run)
try:
    for step in range(rows):
        run.log({"loss": step * 0.5})
        print(f"line {step}")
        time.sleep(pause)
except KeyboardInterrupt:
    tell(interrupted=True)
    raise
run.finish()
