"""Logs a run with a file and an artifact, and reads all of it back, from a server below a path."""

import os

import wandb
from told import tell, tell_run

run = wandb.init()
tell_run(run)
for step in range(10):
    run.log({"loss": 1 / (step + 1)})
with open("notes.txt", "w") as file:
    file.write("kept")
run.save("notes.txt")
artifact = wandb.Artifact("kept", type="dataset")
artifact.add_file("notes.txt")
run.log_artifact(artifact).wait()
run.finish()

api = wandb.Api()
path = f"{run.entity}/{run.project}"
found = api.run(f"{path}/{run.id}")
found.file("notes.txt").download(root="back", replace=True)
directory = api.artifact(f"{path}/kept:latest").download()
tell(
    rows=len(list(found.scan_history())),
    page=found.url,
    file=open("back/notes.txt").read(),
    artifact=open(os.path.join(directory, "notes.txt")).read(),
)
