"""Searches a grid by an agent in this process, then with early termination, and reads the sweep back."""

import sys
import time
import types

import wandb
from told import tell
from wandb.agents import pyagent

# Agents ask every five seconds: only the waiting is made shorter here.
pyagent.time = types.SimpleNamespace(time=time.time, sleep=lambda seconds: time.sleep(min(seconds, 0.2)))
if hasattr(pyagent.Agent, "HEARTBEAT_SLEEP_SECONDS"):
    pyagent.Agent.HEARTBEAT_SLEEP_SECONDS = 0.2

rows, columns, early = (int(argument) for argument in sys.argv[1:4])
tried = []


def train():
    with wandb.init() as run:
        x, nested = run.config["x"], run.config["deep"]["y"]
        tried.append([run.id, x, nested, run.config["fixed"], run.sweep_id])
        run.log({"loss": (x - 1) ** 2 + nested / 10})


grid = {
    "method": "grid",
    "name": "a grid",
    "description": "of two",
    "metric": {"name": "loss", "goal": "minimize"},
    "parameters": {
        "x": {"values": list(range(rows))},
        "deep": {"parameters": {"y": {"min": 0, "max": columns - 1}}},
        "fixed": {"value": "08"},
    },
}
sweep_id = wandb.sweep(grid)
pending = wandb.Api().sweep(f"wandb/{sweep_id}").state
wandb.agent(sweep_id, function=train, count=2)
wandb.agent(sweep_id, function=train)
sweep = wandb.Api().sweep(f"wandb/{sweep_id}")
tell(
    sweep=sweep_id,
    tried=tried,
    pending=pending,
    state=sweep.state,
    config=sweep.config,
    order=sweep.order,
    expected=getattr(sweep, "expected_run_count", None),
    name=sweep.name,
    url=sweep.url,
)
if hasattr(wandb.Api().project("wandb"), "sweeps"):
    tell(listed=[each.id for each in wandb.Api().project("wandb").sweeps()])
agents = sweep.agents() if hasattr(sweep, "agents") else []
if agents and hasattr(type(agents[0]), "runs"):
    tell(began=[[run.id for run in agent.runs(per_page=10)] for agent in agents])
tell(found=[each.id for each in sweep.runs], best=sweep.best_run().id)

if early:
    went = []

    def train_long():
        with wandb.init(settings=wandb.Settings(x_file_stream_transmit_interval=0.2)) as run:
            went.append(run.id)
            # Only the last is worse than others, so that the ones before are never told to stop, however long they take.
            level, values = [(2, 8), (1, 8), (3, 400)][len(went) - 1]
            for step in range(values):
                run.log({"loss": level + 1 / (step + 1)})
                time.sleep(0.05)

    bayes = {
        "method": "bayes",
        "metric": {"name": "loss", "goal": "minimize"},
        "parameters": {"lr": {"distribution": "log_uniform_values", "min": 1e-7, "max": 0.1}},
        "early_terminate": {"type": "hyperband", "min_iter": 4, "eta": 2},
        "run_cap": 3,
    }
    early_id = wandb.sweep(bayes)
    wandb.agent(early_id, function=train_long)
    tell(early=early_id, went=went)
