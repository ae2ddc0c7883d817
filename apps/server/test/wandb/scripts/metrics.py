"""Metrics with a batch and an epoch as their x axes."""

import wandb
from told import tell_run

run = wandb.init()
tell_run(run)
run.define_metric("batch")
run.define_metric("epoch", hidden=True)
run.define_metric("train/*", step_metric="batch")
run.define_metric("val/*", step_metric="epoch")
run.define_metric("val/acc", step_metric="epoch", summary="max")
run.define_metric("train/loss", step_metric="batch", summary="min,max,mean,last")
run.define_metric("quiet", summary="none")
batch = 0
for epoch in range(3):
    for _ in range(4):
        run.log({"batch": batch, "train/loss": 10 - batch, "train/speed": batch * 2, "quiet": 1})
        batch += 1
    run.log({"epoch": epoch, "val/acc": [0.5, 0.9, 0.7][epoch], "val/loss": 1 / (epoch + 1)})
run.finish()
