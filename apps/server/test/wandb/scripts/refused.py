"""What Kiroku does not have: each is refused in words, and what was logged stays as it is."""

import datetime

import wandb
from told import tell


def refusal(work):
    try:
        work()
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return None


with wandb.init(id="kept") as run:
    run.log({"loss": 1})
    artifact = wandb.Artifact("kept", type="dataset")
    with open("kept.txt", "w") as file:
        file.write("kept")
    artifact.add_file("kept.txt")
    run.log_artifact(artifact).wait()

api = wandb.Api()
path = f"{run.entity}/{run.project}"


def set_ttl():
    found = api.artifact(f"{path}/kept:v0")
    found.ttl = datetime.timedelta(days=1)
    found.save()


def register():
    with wandb.init(id="linker") as linker:
        linker.link_artifact(api.artifact(f"{path}/kept:v0"), f"{run.entity}/wandb-registry-model/kept")


def tag_collection():
    collection = api.artifact_collection("dataset", f"{path}/kept")
    collection.tags = ["tagged"]
    collection.save()


tell(
    team=refusal(lambda: api.team(run.entity)),
    user=refusal(lambda: api.user("somebody")),
    collection=refusal(lambda: api.artifact_collection("dataset", f"{path}/kept").delete()),
    tags=refusal(tag_collection),
    ttl=refusal(set_ttl),
    registry=refusal(register),
    state=refusal(lambda: api.run(f"{path}/kept").update_state("pending")),
    exports=refusal(lambda: api.run(f"{path}/kept").download_history_exports("exports")),
    reports=len(list(api.reports(path))),
)
with wandb.init(mode="disabled", id="disabled") as silent:
    silent.log({"loss": 1})
tell(left=[found.id for found in api.runs(path, order="+created_at")])
