"""Offline runs of the real wandb client, in the directory that is the first argument."""

import math
import os
import sys

directory, what = sys.argv[1], sys.argv[2]
os.environ.update(
    WANDB_MODE="offline",
    WANDB_DIR=directory,
    WANDB_SILENT="true",
    WANDB_GIT_COMMIT="c0ffee" + "0" * 34,
    WANDB_GIT_REMOTE_URL="https://me:secret@example.org/repository.git",
)

import numpy as np
import wandb

START = 1_700_000_000


def rich():
    run = wandb.init(
        project="own project",
        id="rich-1",
        name="my run",
        group="g1",
        job_type="train",
        tags=["a", "b"],
        notes="hello\nworld",
        save_code=True,
        config={
            "lr": 0.1,
            "nested": {"a": 1, "b.c": [1, 2]},
            "inf": math.inf,
            "seed": 2**63 - 1,
            "$x": 1,
            "text": "NaN",
        },
    )
    run.define_metric("epoch")
    run.define_metric("loss", step_metric="epoch", summary="min,max,mean,last,first")
    run.define_metric("val/*", step_metric="epoch", summary="max")
    run.define_metric("secret", hidden=True)
    print("hello from the script")
    print("trouble", file=sys.stderr)
    for i in range(6):
        print(f"\rprogress {i}", end="")
        row = {"loss": 1 / (i + 1), "epoch": i, "val/acc": i / 10, "nest": {"x": i, "y": {"z": -i}}}
        row |= {"bad": [math.nan, math.inf, -math.inf, 1.5, -0.0, 1e300][i], "big": 2**60 + i, "secret": i}
        run.log(row | {"_timestamp": START + i + 0.25})
    print()
    run.log({"note": "s NaN", "flag": True, "list": [1, 2, math.nan], "none": None, "_timestamp": START + 10})
    red = np.zeros((4, 6, 3), dtype=np.uint8)
    run.log({"img": wandb.Image(red, caption="cap"), "_timestamp": START + 11})
    run.log({"imgs": [wandb.Image(red + k, caption=f"c{k}") for k in range(3)], "_timestamp": START + 12})
    run.log({"tab": wandb.Table(columns=["a", "b"], data=[[1, math.nan], [2, "x"]]), "_timestamp": START + 13})
    run.log({"same": wandb.Table(columns=["a"], data=[[1], [2]]), "_timestamp": START + 14})
    run.log({"hist": wandb.Histogram(np_histogram=([1, 2, 3], [0, 1, 2, 4])), "_timestamp": START + 15})
    run.log({"page": wandb.Html("<b>x</b>", inject=False), "_timestamp": START + 16})
    run.log({"gap": 1}, step=100)
    run.config.update({"late": 3})
    run.summary["best"] = 0.5
    run.summary["deep"] = {"x": math.inf}
    run.summary["secret"] = 7
    run.finish()


def lines(count, **options):
    run = wandb.init(project="own project", **options)
    for i in range(count):
        run.log({"x": i})
    return run


if what == "rich":
    rich()
elif what == "killed":
    run = lines(3000, id="killed-1")
    os._exit(9)
elif what == "failed":
    lines(3, id="twice-1", resume="allow").finish(exit_code=3)
elif what == "resumed":
    lines(2, id="twice-1", resume="allow").finish()
elif what == "fork":
    lines(2, id="fork-1", fork_from="twice-1?_step=1").finish()
