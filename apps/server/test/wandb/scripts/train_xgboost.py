"""
XGBoost with the client's own callback, which keeps metrics, importances and the model, until it gets no better. The arguments are
other scripts that train, with their words: they follow in this process, as to import what they need takes longer than to train.
"""

import importlib
import sys

import told
import wandb
import xgboost
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from told import tell
from wandb.integration.xgboost import WandbCallback

features, labels = load_breast_cancer(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(features, labels, test_size=0.3, random_state=0)

run = wandb.init(config={"learning_rate": 0.5, "max_depth": 3})
model = xgboost.XGBClassifier(
    n_estimators=200,
    learning_rate=run.config.learning_rate,
    max_depth=run.config.max_depth,
    eval_metric=["auc", "logloss"],
    early_stopping_rounds=5,
    n_jobs=1,
    callbacks=[WandbCallback(log_model=True)],
)
model.fit(x_train, y_train, eval_set=[(x_train, y_train), (x_test, y_test)], verbose=False)
run.summary["test_accuracy"] = model.score(x_test, y_test)
run.finish()
evals = {f"{data}-{name}": values for data, metrics in model.evals_result().items() for name, values in metrics.items()}
tell(id=run.id, evals=evals, best_iteration=model.best_iteration, best_score=model.best_score)
tell(importances=model.get_booster().get_score(importance_type="gain"))

api = wandb.Api()
path = f"{run.entity}/{run.project}"
read = api.run(f"{path}/{run.id}")
rows = list(read.scan_history(keys=["epoch", *evals]))
tell(
    read={name: [row[name] for row in rows] for name in evals},
    epochs=[row["epoch"] for row in rows],
    summary={name: read.summary.get(name) for name in ("best_iteration", "best_score", "test_accuracy")},
    lowest=dict(read.summary["validation_1-logloss"]),
    highest=dict(read.summary["validation_1-auc"]),
    objective=read.config["learner"]["objective"]["name"],
)
[kept] = [artifact for artifact in read.logged_artifacts() if artifact.type == "model"]
again = xgboost.XGBClassifier()
again.load_model(kept.file("kept"))
tell(kept=kept.name, same=bool((again.predict_proba(x_test) == model.predict_proba(x_test)).all()))

for script in sys.argv[1:]:
    told.part, *sys.argv[1:] = script.split()
    importlib.import_module(told.part)
