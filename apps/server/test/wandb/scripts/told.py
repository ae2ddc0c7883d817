"""What the scripts of this folder tell the tests."""

import json


def tell(**values):
    print("RESULT " + json.dumps(values), flush=True)


def tell_run(run):
    tell(id=run.id, name=run.name, entity=run.entity, project=run.project, url=run.url)
