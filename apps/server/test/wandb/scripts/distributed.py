"""One of several processes that make an artifact together: argv has `upsert` or `finish`, and which part is its own."""

import sys

import wandb
from told import tell

step, part = sys.argv[1:3]
run = wandb.init(group="together")
artifact = wandb.Artifact("parts", type="dataset", metadata={"rows": 3})
with open(f"part-{part}.txt", "w") as file:
    file.write(f"part {part}\n" * 1000)
artifact.add_file(f"part-{part}.txt")
with open("shared.txt", "w") as file:
    file.write("the same in all of them")
artifact.add_file("shared.txt")
if step == "upsert":
    run.upsert_artifact(artifact, distributed_id="of-three")
    run.finish()
    # Nobody sees what is not finished.
    tell(id=run.id, is_there=wandb.Api().artifact_exists("wandb/parts:latest"))
else:
    run.finish_artifact(artifact, distributed_id="of-three").wait()
    run.finish()
    found = wandb.Api().artifact("wandb/parts:latest")
    directory = found.download()
    contents = {}
    for name in sorted(found.manifest.entries):
        with open(f"{directory}/{name}") as file:
            contents[name] = file.read()[:7]
    tell(id=run.id, version=found.version, contents=contents, metadata=found.metadata)
