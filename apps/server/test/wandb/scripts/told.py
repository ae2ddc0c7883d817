"""What the scripts of this folder tell the tests."""

import json

part, parts = None, {}


def tell(**values):
    """Tells values under their names, or, while `part` names one of several scripts in a process, under that."""
    if part is not None:
        values = {part: parts.setdefault(part, {}) | values}
        parts.update(values)
    print("RESULT " + json.dumps(values), flush=True)


def tell_run(run):
    tell(id=run.id, name=run.name, entity=run.entity, project=run.project, url=run.url)
