"""
Runs of the real wandb client that a server gets from it: `live`, twice online, `offline`, twice offline and then by
`wandb sync`, `words`, without a number, `silent`, without a row, and `shared`. Their logs stay in the directory that is the first
argument; the server and its key are the others.
"""

import glob
import os
import subprocess
import sys

directory, url, key = sys.argv[1:4]
os.environ.update(
    WANDB_DIR=directory,
    WANDB_SILENT="true",
    WANDB_BASE_URL=url,
    WANDB_API_KEY=key,
    WANDB_ERROR_REPORTING="false",
)

import wandb


def log(mode, first, count, **options):
    run = wandb.init(project="by wandb", mode=mode, **options)
    for number in range(first, first + count):
        run.log({"x": number, "note": f"row {number}"})
        print(f"line {number}")
    run.finish()


synced = set()


def sync():
    for folder in sorted(set(glob.glob(f"{directory}/wandb/offline-run-*")) - synced):
        subprocess.run([sys.executable, "-m", "wandb", "sync", folder], check=True, stdout=subprocess.DEVNULL)
        synced.add(folder)


def say(mode, id, *rows):
    run = wandb.init(project="by wandb", mode=mode, id=id)
    for row in rows:
        run.log(row)
    print("line 0")
    run.finish()


say("online", "words", {"note": "one"}, {"note": "two"})
say("online", "silent")
say("shared", "shared", {"x": 1}, {"x": 2, "note": "n"})
log("online", 0, 4, id="live")
log("online", 4, 3, id="live", resume="must")
log("offline", 0, 4, id="offline")
sync()
log("offline", 4, 3, id="offline", resume="allow")
sync()
