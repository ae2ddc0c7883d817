"""
Makes runs, reads them back by the public API beside one that Kiroku's own SDK logged, changes and deletes some. What it got is
told for the test to look at.
"""

import inspect
import math
import os

import wandb
from told import tell


def plain(value):
    """JSON has no NaN: what is not finite is told by its name."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    return value


def make(name, lr, **options):
    run = wandb.init(id=name, name=f"run {name}", config={"lr": lr, "opt": {"name": "adam"}}, reinit=True, **options)
    for step in range(25):
        row = {"loss": 1 / (step + 1), "nested": {"deep": step}}
        if step % 5 == 0:
            row["acc"] = step * lr
        if step == 3:
            row["loss"] = float("nan")
        if step == 4:
            row["loss"] = float("-inf")
        run.log(row)
    run.log({"late": 7, "word": "hello"}, step=1000)
    return run


def refusal(work):
    try:
        work()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


run = make("one", 0.1, group="g1", job_type="train", tags=["a", "b"], notes="hello")
print("printed by one")
with open("notes.txt", "w") as file:
    file.write("kept by one")
run.save("notes.txt")
run.alert(title="low", text="the loss is low", level=wandb.AlertLevel.WARN)
run.alert(title="low", text="said too soon", level=wandb.AlertLevel.WARN)
entity, project = run.entity, run.project
run.finish()
two = make("two", 0.2, group="g1", tags=["b"])
made = wandb.Artifact("of-two", type="dataset")
with made.new_file("made.txt") as file:
    file.write("made by two")
two.log_artifact(made, aliases=["best"]).wait()
two.finish()

api = wandb.Api()
here = f"{entity}/{project}"
tell(viewer=api.viewer.username, entity=api.default_entity)
tell(projects=[found.name for found in api.projects(entity)], project=api.project(project, entity=entity).name)

one = api.run(f"{here}/one")
tell(
    one={
        "id": one.id,
        "name": one.name,
        "state": one.state,
        "config": one.config,
        "tags": one.tags,
        "notes": one.notes,
        "group": one.group,
        "job_type": one.job_type,
        "url": one.url,
        "user": one.user.username,
        "created_at": one.created_at,
        "lastHistoryStep": one.lastHistoryStep,
        "historyKeys": sorted(one.historyKeys["keys"]),
        "program": (one.metadata or {}).get("program"),
    },
    summary=plain({key: one.summary.get(key) for key in ("loss", "late", "word", "nested.deep")}),
)
three = api.run(f"{here}/three")
system = three.systemMetrics if hasattr(three, "systemMetrics") else three.system_metrics
tell(
    three={
        "config": three.config,
        "late": three.summary["late"],
        "rows": [[row["_step"], row.get("acc"), row.get("word")] for row in three.scan_history()],
        "machine": [[row["_timestamp"], row["system.cpu"]] for row in three.history(stream="system", pandas=False)],
        "system": system,
    }
)


def ids(filters=None, **options):
    return [found.id for found in api.runs(here, filters=filters, **options)]


# Some releases read no config of a run that was listed lazily; older ones list none so.
whole = {"lazy": False} if "lazy" in inspect.signature(api.runs).parameters else {}
every = api.runs(here, per_page=2)
tell(count=len(every), every=[found.id for found in every])
tell(
    found={
        "state": ids({"state": "finished", "config.lr": {"$gt": 0.15}}),
        "value": ids({"config.lr.value": 0.1}),
        "nested": ids({"config.opt.name": "adam", "$or": [{"tags": "a"}, {"display_name": {"$regex": "three$"}}]}),
        "lacks": ids({"$or": [{"tags": None}, {"tags": {"$ne": "b"}}]}),
        "in": ids({"tags": {"$in": ["a"]}}),
        "created": ids({"created_at": {"$gt": "2020-01-01T00:00:00Z"}}),
        "none": ids({"state": "failed"}),
        "summary": ids({"summary_metrics.late": 7}, order="-config.lr.value"),
        "newest": ids(order="-created_at", per_page=1),
    },
    configs=[found.config["lr"] for found in api.runs(here, order="+summary_metrics.acc", **whole)],
    counted=len(api.runs(here, filters={"group": "g1"})),
)
tell(
    unknown=refusal(lambda: ids({"state": {"$near": 1}})),
    nowhere=refusal(lambda: api.run(f"{here}/nowhere")),
    elsewhere=refusal(lambda: list(api.runs("somebody-else/demo"))),
)

scan = [plain(row) for row in one.scan_history(page_size=10)]
tell(
    scan=scan,
    losses=[plain(row) for row in one.scan_history(keys=["_step", "loss"], page_size=10)],
    window=[row["_step"] for row in one.scan_history(min_step=5, max_step=9)],
    accs=[row["acc"] for row in one.scan_history(keys=["acc"], page_size=1000)],
    sampled=[row["_step"] for row in one.history(samples=6, pandas=False)],
    pairs=one.history(keys=["acc", "nested.deep"], samples=3, pandas=False),
    by=one.history(keys=["acc"], x_axis="nested.deep", pandas=False),
    machine=[sorted(row) for row in one.history(stream="system", pandas=False)],
)
if hasattr(one, "console_logs"):
    tell(
        printed=[[line.content, line.level] for line in one.console_logs(per_page=1)],
        tail=[line.content for line in one.console_logs(last=1)],
    )

os.makedirs("got", exist_ok=True)
with open("more.txt", "w") as file:
    file.write("uploaded later")
uploaded = one.upload_file("more.txt")
with one.file("notes.txt").download(root="got") as file:
    notes = file.read()
restored = wandb.restore("more.txt", run_path=f"{here}/one", root="got")
tell(
    files=sorted(file.name for file in one.files(per_page=2)),
    uploaded=[uploaded.name, uploaded.size],
    notes=notes,
    restored=restored.read(),
    missing=refusal(lambda: wandb.restore("none.txt", run_path=f"{here}/one", root="got")),
)
uploaded.delete()
tell(left=sorted(file.name for file in one.files()))

one.config["lr"] = 0.5
one.config["added"] = [1, {"a": None}]
del one.config["opt"]
one.tags.append("c")
one.notes = "changed"
one.name = "renamed"
one.group = "g2"
one.summary["best"] = 0.25
one.update()
there = api.artifact_exists(f"{here}/of-two:v0")
api.run(f"{here}/two").delete(delete_artifacts=True)
api.flush()
tell(made_by_two=[there, api.artifact_exists(f"{here}/of-two:v0")])
again = api.run(f"{here}/one")
tell(again={"config": again.config, "tags": again.tags, "name": again.name, "best": again.summary["best"]})
tell(remaining=ids(order="+created_at"))
again.wait_until_finished()
api.create_project("made", entity)
with wandb.init(id="three", resume="must") as resumed:
    resumed.log({"more": 8})
