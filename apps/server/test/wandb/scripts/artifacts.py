"""Makes, uses, changes and deletes artifacts, and tells what the client saw."""

import contextlib
import filecmp
import io
import os

import numpy as np
import wandb
from told import tell
from wandb.cli.cli import cli

big = os.urandom(300_000)


def write(path, content):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


def data(aliases=None, **changed):
    """A version of the dataset: `changed` are files that differ from the first one."""
    files = {"train.bin": big, "deep/labels with space.txt": b"a b c", "empty.bin": b"", **changed}
    for name, content in files.items():
        write(f"data/{name}", content)
    artifact = wandb.Artifact("numbers", type="dataset", description="made of chance", metadata={"rows": 3, "bad": float("nan")})
    artifact.add_dir("data")
    return artifact


def same(left, right):
    names = sorted(os.path.relpath(os.path.join(base, name), left) for base, _, files in os.walk(left) for name in files)
    found = sorted(os.path.relpath(os.path.join(base, name), right) for base, _, files in os.walk(right) for name in files)
    return names == found and all(filecmp.cmp(f"{left}/{name}", f"{right}/{name}", shallow=False) for name in names)


def command(*words):
    """What `wandb artifact` says, carried out here as a process of its own takes two seconds to begin."""
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(printed):
        cli.main(["artifact", *words], standalone_mode=False)
    return printed.getvalue()


maker = wandb.init(job_type="make")
first = maker.log_artifact(data(), aliases=["raw", "latest"])
first.wait()
tell(maker=maker.id, first=first.version, digest=first.digest, first_state=first.state)
again = maker.log_artifact(data())
again.wait()
tell(again=again.version)
second = maker.log_artifact(data(**{"deep/labels with space.txt": b"changed"}), aliases=["clean"])
second.wait()
tell(second=second.version, second_aliases=sorted(second.aliases))

elsewhere = wandb.Artifact("pointers", type="dataset")
elsewhere.add_reference("http://example.invalid/data.csv", name="data.csv", checksum=False)
elsewhere.add_reference("hdfs://bucket/key", name="object", checksum=False)
maker.log_artifact(elsewhere).wait()

maker.log_code(".", include_fn=lambda path, *_: path.endswith("artifacts.py"))
maker.log({"table": wandb.Table(columns=["word", "count"], data=[["one", 1], ["two", 2]]), "loss": 1})
pixels = np.zeros((4, 6, 3), dtype=np.uint8)
table = wandb.Table(columns=["picture", "label"])
table.add_data(wandb.Image(pixels), "black")
boxed = wandb.Artifact("boxed", type="predictions")
boxed.add(table, "predictions")
maker.log_artifact(boxed).wait()
write("model/weights.bin", b"weights" * 1000)
maker.log_model("model", name="net", aliases=["best"])
maker.finish()

user = wandb.init(job_type="use")
used = user.use_artifact("numbers:latest")
where = used.download("down/latest")
tell(user=user.id, used=used.version, used_type=used.type, metadata_rows=used.metadata["rows"], same=same("data", where))
write("data/deep/labels with space.txt", b"a b c")
raw = user.use_artifact("numbers:raw", type="dataset")
tell(raw=raw.version, raw_same=same("data", raw.download("down/raw")))
entry = raw.get_entry("train.bin") if hasattr(raw, "get_entry") else raw.get_path("train.bin")
with open(entry.download("down/one"), "rb") as file:
    tell(entry_same=file.read() == big, listed=sorted(f.name for f in raw.files()), sizes=[f.size for f in raw.files(names=["train.bin"])])
got = user.use_artifact("boxed:v0").get("predictions")
tell(table=[got.columns, len(got.data), got.data[0][1]])
model = user.use_model("net:best")
with open(os.path.join(model, "weights.bin") if os.path.isdir(model) else model, "rb") as file:
    tell(model_same=file.read() == b"weights" * 1000)
pointers = user.use_artifact("pointers:latest")
tell(refs=sorted(entry.ref for entry in pointers.manifest.entries.values()))
try:
    user.use_artifact("numbers:nothing")
except Exception as error:
    tell(unknown=type(error).__name__)
user.finish()

api = wandb.Api()
path = f"{user.entity}/{user.project}"
found = api.artifact(f"{path}/numbers:v1")
found.description = "better"
found.metadata["rows"] = 4
found.aliases.append("chosen")
found.aliases.remove("clean")
found.save()
found = api.artifact(f"{path}/numbers:chosen")
tell(changed=[found.version, found.description, found.metadata["rows"], sorted(found.aliases)])
tell(
    size=found.size,
    file_count=found.file_count,
    made_by=found.logged_by().id,
    used_by=[run.id for run in found.used_by()],
    exists=[api.artifact_exists(f"{path}/numbers:v0"), api.artifact_exists(f"{path}/numbers:v9")],
    types=sorted(kind.name for kind in api.artifact_types(path)),
    collections=[collection.name for collection in api.artifact_collections(path, "dataset")],
    versions=[version.version for version in api.artifacts("dataset", f"{path}/numbers")],
    logged=sorted(artifact.name for artifact in api.run(f"{path}/{maker.id}").logged_artifacts()),
    used_artifacts=sorted(artifact.name for artifact in api.run(f"{path}/{user.id}").used_artifacts()),
    collection_aliases=sorted(api.artifact_collection("dataset", f"{path}/numbers").aliases),
)

if hasattr(wandb.apis.public.Project, "collections"):
    tell(of_project=[each.name for each in api.project(user.project, entity=user.entity).collections(per_page=2)])

draft = api.artifact(f"{path}/numbers:v0").new_draft()
write("more.txt", b"more")
draft.add_file("more.txt")
draft.remove("empty.bin")
grower = wandb.init(job_type="grow")
grower.log_artifact(draft).wait()
tell(drafted=[draft.version, sorted(draft.manifest.entries)])
link = None
try:
    grower.link_artifact(draft, f"{path}/portfolio", aliases=["prod"])
    link = api.artifact(f"{path}/portfolio:prod").version
except Exception as error:
    link = f"{type(error).__name__}: {error}"
tell(link=link)
try:
    registered = grower.link_model("model", "registered", name="linked-net", aliases=["prod"])
    tell(model_link=api.artifact(f"{user.entity}/model-registry/registered:prod").type)
except Exception as error:
    tell(model_link=f"{type(error).__name__}: {error}")
added = wandb.Artifact("numbers", type="dataset", incremental=True)
write("added.txt", b"added")
added.add_file("added.txt")
grower.log_artifact(added).wait()
tell(incremental=[added.version, sorted(api.artifact(f"{path}/numbers:{added.version}").manifest.entries)])
grower.finish()

try:
    api.artifact(f"{path}/numbers:v0").delete()
    tell(kept=False)
except Exception as error:
    tell(kept=type(error).__name__)
api.artifact(f"{path}/numbers:v0").delete(delete_aliases=True)
tell(after=[version.version for version in api.artifacts("dataset", f"{path}/numbers")])

write("by-command/more.txt", b"more")
write("by-command/deep/train.bin", big)
words = ["--name", "wandb/commanded", "--type", "report", "--description", "put by hand", "--alias", "latest", "--alias", "hand"]
command("put", *words, "by-command")
put = api.artifact(f"{path}/commanded:hand", type="report")
tell(put=[put.version, put.description, sorted(put.aliases), put.logged_by().job_type])
command("get", "--root", "down/commanded", "--type", "report", "wandb/commanded:hand")
tell(got=same("by-command", "down/commanded"))
listed = command("ls", path), command("ls", "--type", "report", path)
tell(ls=[[line.split()[-1] for line in lines.splitlines()] for lines in listed], ls_line=listed[1].split())
