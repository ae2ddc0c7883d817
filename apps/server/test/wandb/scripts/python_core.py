"""What a script does that a release before 0.18 ran: a run that logs, goes on, and one offline."""

import wandb
from told import tell, tell_run

run = wandb.init(
    id="old",
    name="old run",
    group="g1",
    tags=["a", "b"],
    notes="hello",
    config={"lr": 0.1, "nested": {"a": 1}},
)
tell_run(run)
for step in range(10):
    run.log({"loss": float("nan") if step == 3 else 1 / (step + 1), "deep": {"x": step}, "word": f"w{step}"})
    print(f"line {step}")
run.config.update({"later": [1, 2]})
run.summary["best"] = 0.5
with open("notes.txt", "w") as file:
    file.write("saved by hand")
run.save("notes.txt")
run.finish()

again = wandb.init(id="old", resume="must")
tell(resumed=again.resumed, first=again.step)
for step in range(3):
    again.log({"loss": 100 + step})
    print(f"line {10 + step}")
again.finish()

offline = wandb.init(mode="offline", id="old-offline", config={"lr": 0.5})
for step in range(30):
    offline.log({"loss": step})
    print(f"line {step}")
offline.finish()
tell(directory=offline.dir)
