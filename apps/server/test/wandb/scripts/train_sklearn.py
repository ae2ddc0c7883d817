"""A classifier of scikit-learn, as a job trains it, and another job that takes the model and tells how good it is."""

import os
import warnings

import joblib
import wandb
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import train_test_split
from told import tell

images, digits = load_digits(return_X_y=True)
names = [f"digit {n}" for n in range(10)]
x_train, x_test, y_train, y_test = train_test_split(images, digits, test_size=0.25, random_state=0)

run = wandb.init(job_type="train", config={"alpha": 0.01, "epochs": 5, "loss": "log_loss"})
config = run.config
model = SGDClassifier(loss=config.loss, alpha=config.alpha, random_state=0)
seen = []
for epoch in range(config.epochs):
    model.partial_fit(x_train, y_train, classes=range(10))
    row = {
        "epoch": epoch,
        "train/accuracy": accuracy_score(y_train, model.predict(x_train)),
        "val/accuracy": accuracy_score(y_test, model.predict(x_test)),
        "val/loss": log_loss(y_test, model.predict_proba(x_test)),
    }
    seen.append([float(row[key]) for key in ("train/accuracy", "val/accuracy", "val/loss")])
    run.log(row)

predicted, chances = model.predict(x_test), model.predict_proba(x_test)
run.log({"confusion": wandb.plot.confusion_matrix(y_true=y_test.tolist(), preds=predicted.tolist(), class_names=names)})
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    wandb.sklearn.plot_class_proportions(y_train, y_test, names)
    wandb.sklearn.plot_summary_metrics(model, x_train, y_train, x_test, y_test)
    wandb.sklearn.plot_confusion_matrix(y_test, predicted, names)
    wandb.sklearn.plot_roc(y_test, chances, names)
    wandb.sklearn.plot_precision_recall(y_test, chances, names)
joblib.dump(model, "model.joblib")
artifact = wandb.Artifact("digits", type="model", metadata={"accuracy": seen[-1][1], "classes": names})
artifact.add_file("model.joblib")
run.log_artifact(artifact, aliases=["best", "latest"])
run.finish()
tell(trainer=run.id, seen=seen)
matrix = [[int(((y_test == a) & (predicted == b)).sum()) for b in range(10)] for a in range(10)]
tell(matrix=matrix, names=names)

with wandb.init(job_type="evaluate") as judge:
    where = judge.use_artifact("digits:best").download("taken")
    taken = joblib.load(os.path.join(where, "model.joblib"))
    judge.summary["accuracy"] = accuracy_score(y_test, taken.predict(x_test))
tell(judge=judge.id)

api = wandb.Api()
path = f"{run.entity}/{run.project}"
read = api.run(f"{path}/{run.id}")
frame = read.history(keys=["epoch", "train/accuracy", "val/accuracy", "val/loss"])
tell(
    frame={"columns": sorted(frame.columns), "rows": frame[["train/accuracy", "val/accuracy", "val/loss"]].values.tolist()},
    epochs=frame["epoch"].tolist(),
    config=dict(read.config),
    accuracy=read.summary["val/accuracy"],
    judged=api.run(f"{path}/{judge.id}").summary["accuracy"],
    best=api.artifact(f"{path}/digits:best").metadata,
    used_by=[user.id for user in api.artifact(f"{path}/digits:best").used_by()],
    tables=sorted(key for key, value in read.summary.items() if hasattr(value, "get") and value.get("_type") == "table-file"),
)
confusion = api.artifact(f"{path}/run-{run.id}-confusion_table:latest").get("confusion_table")
tell(confusion=[confusion.columns, [[actual, said, int(times)] for actual, said, times in confusion.data]])
