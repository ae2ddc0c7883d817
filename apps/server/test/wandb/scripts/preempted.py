"""Is told that its machine is taken away, fails for that, and is gone on with by the agent of its sweep."""

import time
import types

import wandb
from told import tell
from wandb.agents import pyagent

# Agents ask every five seconds: only the waiting is made shorter here.
pyagent.time = types.SimpleNamespace(time=time.time, sleep=lambda seconds: time.sleep(min(seconds, 0.2)))
if hasattr(pyagent.Agent, "HEARTBEAT_SLEEP_SECONDS"):
    pyagent.Agent.HEARTBEAT_SLEEP_SECONDS = 0.2

went = []


def state_of(run_id):
    return wandb.Api().run(f"wandb/{run_id}").state


def train():
    if went:
        listed = [found.id for found in wandb.Api().runs("wandb", filters={"state": "preempted"})]
        tell(left=state_of(went[0][0]), listed=listed)
    run = wandb.init(resume="allow")
    went.append([run.id, run.resumed, state_of(run.id)])
    run.log({"loss": len(went)})
    # A client does not tell the step of a resumed run before its first row.
    went[-1].append(run.step)
    if len(went) == 1:
        run.mark_preempting()
        until = time.time() + 20
        while state_of(run.id) != "preempting" and time.time() < until:
            time.sleep(0.2)
        tell(marked=state_of(run.id))
        raise RuntimeError("the machine is gone")
    run.finish()


sweep_id = wandb.sweep({"method": "grid", "parameters": {"x": {"values": [1]}}})
wandb.agent(sweep_id, function=train)
tell(sweep=sweep_id, went=went, end=state_of(went[0][0]))
