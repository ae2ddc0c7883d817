"""
A network in numpy, trained as one in PyTorch is: metrics by batch and by epoch, gradients, pictures, a checkpoint an epoch. argv
has how many epochs there are, and in which one the script hangs until it is killed; where the run has a checkpoint it goes on.
"""

import os
import sys
import time

import numpy as np
import wandb
from sklearn.datasets import load_digits
from told import tell

epochs, hangs_in = int(sys.argv[1]), int(sys.argv[2])
name, batch_size, width = "digits-net", 64, 96

images, digits = load_digits(return_X_y=True)
images = images / 16
x_train, y_train, x_val, y_val = images[:1400], digits[:1400], images[1400:], digits[1400:]


class Net:
    """Two hidden layers with ReLU, softmax, and momentum."""

    def __init__(self):
        generator = np.random.default_rng(1)
        sizes = [64, width, width, 10]
        self.weights = [generator.normal(0, (2 / a) ** 0.5, (a, b)) for a, b in zip(sizes, sizes[1:])]
        self.speeds = [np.zeros_like(weight) for weight in self.weights]

    def forward(self, x):
        self.seen = [x]
        for weight in self.weights[:-1]:
            self.seen.append(np.maximum(self.seen[-1] @ weight, 0))
        scores = self.seen[-1] @ self.weights[-1]
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        return chances / chances.sum(axis=1, keepdims=True)

    def backward(self, chances, y):
        error = (chances - np.eye(10)[y]) / len(y)
        gradients = []
        for weight, seen in zip(reversed(self.weights), reversed(self.seen)):
            gradients.insert(0, seen.T @ error)
            error = (error @ weight.T) * (seen > 0)
        return gradients

    def step(self, gradients, lr):
        for weight, speed, gradient in zip(self.weights, self.speeds, gradients):
            speed *= 0.9
            speed -= lr * gradient
            weight += speed


def loss_of(chances, y):
    return float(-np.log(chances[np.arange(len(y)), y] + 1e-12).mean())


net = Net()
# 0.18 has no `x`.
prefix = "x" if hasattr(wandb.Settings(), "x_stats_sampling_interval") else ""
pace = {f"{prefix}_stats_sampling_interval": 0.2, f"{prefix}_file_stream_transmit_interval": 0.2}
settings = wandb.Settings(**pace)
run = wandb.init(id="net", resume="allow", config={"lr": 0.02, "width": width, "epochs": epochs}, settings=settings)
run.define_metric("batch", hidden=True)
run.define_metric("epoch", hidden=True)
run.define_metric("train/*", step_metric="batch")
run.define_metric("val/*", step_metric="epoch")
run.define_metric("val/accuracy", step_metric="epoch", summary="max")

batch, first, best = 0, 0, 0.0
if run.resumed:
    checkpoint = run.use_artifact(f"{name}:latest")
    with np.load(os.path.join(checkpoint.download("resumed"), "checkpoint.npz")) as saved:
        net.weights = [saved[f"weight{n}"] for n in range(3)]
        net.speeds = [saved[f"speed{n}"] for n in range(3)]
    first, batch, best = (checkpoint.metadata[key] for key in ("next_epoch", "batch", "best"))
    tell(resumed_from=checkpoint.version)
tell(first_epoch=first, first_batch=batch)

told = {"losses": [], "accuracies": [], "bests": []}
for epoch in range(first, epochs):
    order = np.random.default_rng(epoch).permutation(len(x_train))
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        chances = net.forward(x_train[rows])
        gradients = net.backward(chances, y_train[rows])
        net.step(gradients, run.config.lr)
        loss = loss_of(chances, y_train[rows])
        told["losses"].append([batch, loss])
        run.log({"batch": batch, "train/loss": loss, "train/lr": run.config.lr})
        batch += 1
        if epoch == hangs_in and start >= len(order) / 2:
            tell(**told)
            time.sleep(600)
    chances = net.forward(x_val)
    said = chances.argmax(axis=1)
    accuracy = float((said == y_val).mean())
    wrong = np.flatnonzero(said != y_val)[:4]
    told["accuracies"].append([epoch, accuracy])
    run.log(
        {
            "epoch": epoch,
            "val/loss": loss_of(chances, y_val),
            "val/accuracy": accuracy,
            "val/wrong": [wandb.Image(x_val[n].reshape(8, 8), caption=f"{said[n]}, not {y_val[n]}") for n in wrong],
            **{f"gradients/layer{n}": wandb.Histogram(gradient) for n, gradient in enumerate(gradients)},
            "weights/layer2": net.weights[2],
        }
    )
    is_best = accuracy > best
    best = max(best, accuracy)
    told["bests"] += [epoch] if is_best else []
    state = {f"weight{n}": weight for n, weight in enumerate(net.weights)}
    np.savez("checkpoint.npz", **state, **{f"speed{n}": speed for n, speed in enumerate(net.speeds)})
    checkpoint = wandb.Artifact(name, type="model", metadata={"next_epoch": epoch + 1, "batch": batch, "best": best, "accuracy": accuracy})
    checkpoint.add_file("checkpoint.npz")
    run.log_artifact(checkpoint, aliases=["latest", f"epoch-{epoch}", *(["best"] if is_best else [])]).wait()
tell(**told)
run.finish()

api = wandb.Api()
path = f"{run.entity}/{run.project}"
read = api.run(f"{path}/net")
losses = list(read.scan_history(keys=["batch", "train/loss"]))
histograms = list(read.scan_history(keys=["epoch", "gradients/layer0", "weights/layer2"]))
chosen = api.artifact(f"{path}/{name}:best")
with np.load(os.path.join(chosen.download("best"), "checkpoint.npz")) as saved:
    net.weights = [saved[f"weight{n}"] for n in range(3)]
pictures = [file for file in read.files() if file.name.startswith("media/images/val/wrong")]
tell(
    read=[[row["batch"], row["train/loss"]] for row in losses],
    by_epoch=[[row["epoch"], row["val/accuracy"]] for row in read.scan_history(keys=["epoch", "val/accuracy"])],
    sampled=[row["batch"] for row in read.history(keys=["train/loss"], x_axis="batch", samples=10, pandas=False)],
    histograms=[[row["epoch"], *(sum(row[key]["values"]) for key in ("gradients/layer0", "weights/layer2"))] for row in histograms],
    best=[chosen.metadata["accuracy"], sorted(chosen.aliases), chosen.logged_by().id],
    best_again=float((net.forward(x_val).argmax(axis=1) == y_val).mean()),
    versions=sorted(version.version for version in api.artifacts("model", f"{path}/{name}")),
    pictures=len(pictures),
    picture_sizes=[file.size for file in pictures],
    machine=len(read.history(stream="system", pandas=False)),
    highest=dict(read.summary["val/accuracy"]),
    state=read.state,
)
