"""Numbers by step, config, labels, a summary that is set by hand."""

import wandb
from told import tell_run

run = wandb.init(
    name="my run",
    group="g1",
    job_type="train",
    tags=["a", "b"],
    notes="hello",
    config={"lr": 0.1, "nested": {"a": 1, "b.c": [1, 2]}, "dropped": True},
)
tell_run(run)
for step in range(20):
    row = {"loss": 1 / (step + 1), "deep": {"x": {"y": step}}, "word": f"w{step}"}
    if step == 3:
        row["loss"] = float("nan")
    if step == 4:
        row["loss"] = float("inf")
    run.log(row)
run.log({"late": 7}, step=50)
run.config.update({"later": [1, 2]})
run.summary["best"] = 0.5
run.summary["loss"] = 0.25
run.finish()
