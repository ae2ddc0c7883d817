/** What becomes of a feature where it does not all work, in words that follow its state. */
type Reason =
  /** It works but for what is told. */
  | { partly: string }
  /** It is refused or left alone, and why, or what there is instead. */
  | { not: string }
  /** No client of this suite does it, and why. */
  | { untested: string }

/** A feature as a script or a user calls it, in Markdown, and what is shown of it. */
export type Feature = { call: string; shown: string } | ({ call: string; shown?: string } & Reason)

/** What the Python package can do that concerns a server, by subject. Checks name what they prove by these keys. */
export const catalog = {
  'Runs that log': {
    init: { call: '`wandb.init()`', shown: 'name, group, job type, tags, notes, id and address of the run' },
    config: { call: '`config=`, `run.config.update()`', shown: 'nested, and later than the beginning' },
    log: { call: '`run.log()`', shown: 'numbers bit for bit, `step`, nested records, texts, NaN and infinities' },
    summary: { call: '`run.summary`', shown: 'the last values, and what is set by hand' },
    define_metric: { call: '`define_metric(step_metric=…)`', shown: 'exact names and `a/*`, for batches and epochs' },
    'define_metric.summary': { call: '`define_metric(summary=…)`', shown: '`min`, `max`, `mean`, `last`, `none`' },
    'define_metric.hidden': { call: '`define_metric(hidden=True)`', shown: 'not among the charts' },
    console: { call: 'printed lines', shown: 'both streams, lines written over, colours, any alphabet' },
    machine: { call: 'metrics of the machine', shown: 'sampled, charted, read back' },
    alert: { call: '`run.alert()`', partly: 'a line of the console; nobody is sent it' },
    finish: { call: '`run.finish()`', shown: 'state, exit code' },
    failed: { call: 'an exception', shown: 'the run has `failed` with its code' },
    stop: { call: 'a stop that somebody asks for', shown: 'the script is interrupted, the run is `killed`' },
    preempting: { call: '`run.mark_preempting()`', shown: '`preempting`, then `preempted` and not failed or crashed' },
    several: { call: 'several runs in a script', shown: '`reinit=True`' },
    disabled: { call: '`mode="disabled"`', shown: 'the server hears nothing' },
    many: { call: 'several scripts at once', shown: 'every row of each is stored, at 100 a second' },
    outage: { call: 'a server that is killed', shown: 'the script goes on, nothing is lost' },
    telemetry: { call: 'telemetry of the client', not: 'refused; the client goes on without it' },
  },
  'Runs that go on': {
    resume: { call: '`resume="allow"`, `"must"`, `"never"`', shown: 'steps, config and console are continued' },
    crash: { call: 'a script that is killed, then `resume`', shown: 'the run goes on where a checkpoint was' },
    again: { call: 'an id again, without `resume`', shown: 'the run begins anew' },
    fork_from: { call: '`fork_from`', shown: 'a run with the history up to a step' },
    resume_from: { call: '`resume_from`', shown: 'the same run, from an earlier step on' },
    shared: { call: '`mode="shared"`', shown: 'several processes write to one run, each with its label' },
    offline: { call: '`mode="offline"`', shown: 'sent later, any number of times' },
  },
  'Files and media': {
    save: { call: '`run.save()`', shown: 'directories, spaces in names, empty files; up to 256 MiB each' },
    save_code: { call: '`save_code=True`, environment', shown: 'program, requirements, metadata, config' },
    log_code: { call: '`run.log_code()`', shown: 'an artifact of type `code`' },
    image: { call: '`wandb.Image`', shown: 'one or a list, with captions' },
    'image.layers': { call: 'masks and boxes of images', untested: 'kept with the image and not drawn' },
    histogram: { call: '`wandb.Histogram`', shown: 'bins and counts' },
    array: { call: 'an array in `run.log()`', shown: 'becomes a histogram' },
    table: { call: '`wandb.Table`', shown: 'cells of any kind, shown from its file' },
    'table.incremental': {
      call: '`wandb.Table(log_mode="INCREMENTAL")`',
      partly: 'each step shows the rows that it added',
    },
    html: { call: '`wandb.Html`', shown: 'in a frame that can reach nothing' },
    audio: { call: '`wandb.Audio`', shown: 'played, one or a list, with captions' },
    video: { call: '`wandb.Video`', shown: 'played, from any place' },
    plotly: { call: '`wandb.Plotly`, figures', shown: 'drawn' },
    object: { call: '`wandb.Object3D`, `wandb.Molecule`', partly: 'kept with their files, for download' },
    plot: { call: '`wandb.plot.*`, `wandb.plot_table()`', shown: 'the presets drawn, of another one its table' },
    watch: {
      call: '`run.watch()`',
      untested: 'torch is too large for the suite; a training loop logs its gradients by hand',
    },
  },
  Artifacts: {
    'artifact.log': { call: '`log_artifact()`', shown: 'the same content is the same version; stored once' },
    'artifact.use': {
      call: '`use_artifact()`, `download()`, `get_entry()`',
      shown: 'byte for byte, by number or alias',
    },
    'artifact.change': { call: '`artifact.save()`', shown: 'description, metadata, aliases' },
    'artifact.lineage': { call: '`logged_by()`, `used_by()`', shown: 'also `logged_artifacts()`, `used_artifacts()`' },
    'artifact.list': {
      call: '`api.artifacts()`, `artifact_types()` …',
      shown: 'types, collections, versions, existence',
    },
    'artifact.delete': { call: '`artifact.delete()`', shown: 'with its aliases, not without' },
    'artifact.references': { call: '`add_reference()`', shown: 'entries without content' },
    'artifact.table': { call: '`artifact.add(table)`, `get()`', shown: 'tables with images' },
    'artifact.model': { call: '`log_model()`, `use_model()`, `link_model()`', shown: 'artifacts of type `model`' },
    'artifact.link': { call: '`link_artifact()`', partly: 'to portfolios of projects, not to registries' },
    'artifact.draft': { call: '`new_draft()`', shown: 'a version made from another' },
    'artifact.incremental': { call: '`incremental=True`', shown: 'added to the version before' },
    'artifact.distributed': {
      call: '`upsert_artifact()`, `finish_artifact()`',
      shown: 'files of several processes in one version',
    },
    'artifact.ttl': { call: '`artifact.ttl`', not: 'refused: versions stay until somebody deletes them' },
    'artifact.collection': {
      call: '`collection.save()`, `change_type()`, `delete()`',
      not: 'refused: a collection is what its versions were logged as',
    },
    'artifact.registry': { call: 'registries of an organization', not: 'refused: portfolios of projects do that' },
  },
  'Reading back': {
    'api.run': { call: '`api.run()`', shown: 'labels, config, summary, metadata, keys' },
    'api.runs': { call: '`api.runs(filters, order)`', shown: 'the operators of `docs/wandb.md`; others are an error' },
    'api.history': { call: '`run.history()`', shown: 'sampled rows, `keys`, `x_axis`' },
    'api.pandas': { call: '`run.history()` as a data frame', shown: 'columns of numbers' },
    'api.scan': { call: '`run.scan_history()`', shown: 'every row, exact' },
    'api.system': { call: '`stream="system"`, `system_metrics`', shown: 'rows and the last values' },
    'api.console': { call: '`run.console_logs()`', shown: 'by pages, or the last lines' },
    'api.files': { call: '`run.files()`, `upload_file()`', shown: 'listed, downloaded, added, deleted' },
    'api.update': { call: '`run.update()`, `run.summary.update()`', shown: 'labels, config, summary' },
    'api.delete': { call: '`run.delete()`', shown: 'gone for clients, with `delete_artifacts` what it made too' },
    'api.wait': { call: '`run.wait_until_finished()`', shown: 'of a run that ended' },
    'api.projects': { call: '`api.projects()`, `create_project()`, `viewer`', shown: 'those of the organization' },
    'api.sweep': { call: '`api.sweep()`', shown: 'config, state, runs, the best run' },
    restore: { call: '`wandb.restore()`', shown: 'a file of a run' },
    'api.state': { call: '`run.update_state()`', not: 'refused: no run is pending' },
    'api.exports': {
      call: '`download_history_exports()`',
      not: 'refused: there are none as Parquet; `scan_history()` has every row',
    },
    'api.users': {
      call: '`api.user()`, `api.users()`, `api.team()`',
      not: 'refused: a client is not told who belongs to an organization',
    },
    reports: { call: '`api.reports()`, saved views', not: 'there are none: the dashboard has pages of its own' },
    automations: { call: '`api.automations()`', not: 'there are none, and a client finds no words for that' },
  },
  Sweeps: {
    sweep: { call: '`wandb.sweep()` with a grid', shown: 'every combination once, nested parameters' },
    'sweep.random': { call: '`method: random`', shown: 'values within their bounds' },
    'sweep.bayes': { call: '`method: bayes`', shown: 'learns from runs that ended' },
    'sweep.hyperband': { call: '`early_terminate`', shown: 'a run that falls behind is stopped' },
    'sweep.preempted': { call: 'a run of a sweep that was preempted', shown: 'handed out again, under its id' },
    agent: { call: '`wandb.agent()`', shown: '`function`, `count`, an end when nothing is left' },
    launch: { call: 'launch jobs, schedulers, `wandb.controller`', not: 'refused: agents run scripts themselves' },
  },
  'The command line': {
    'cli.login': { call: '`wandb login --verify`', shown: 'a valid key is kept, another one refused' },
    'cli.status': { call: '`wandb status`', shown: 'where it logs to' },
    'cli.sync': { call: '`wandb sync`', shown: 'also `--include-synced`' },
    'cli.pull': { call: '`wandb pull`', shown: 'the files of a run' },
    'cli.restore': { call: '`wandb restore`', shown: 'config and files, without git' },
    'cli.sweep': { call: '`wandb sweep`, `wandb agent`', shown: 'runs by a program, `--update`' },
    'cli.sweep.state': {
      call: '`wandb sweep --pause`, `--resume`, `--stop`, `--cancel`',
      shown: 'while an agent is at work, which obeys',
    },
    'cli.artifact': {
      call: '`wandb artifact put`, `get`, `ls`',
      shown: 'a directory with aliases, back byte for byte; the latest of each',
    },
    'login.token': { call: 'identity tokens of a provider', not: 'refused: keys of Kiroku sign in' },
  },
  Integrations: {
    sklearn: { call: '`wandb.sklearn`', shown: 'plots as tables, the model as an artifact' },
    xgboost: { call: '`WandbCallback` of XGBoost', shown: 'metrics, early stopping, best iteration, importances' },
    loop: { call: 'a training loop of your own', shown: 'metrics by batch and epoch, gradients, checkpoints' },
    tensorboard: { call: '`sync_tensorboard=True`', untested: 'the client sends what it reads by `run.log()`' },
    others: {
      call: 'Lightning, Transformers, Keras, fastai and others',
      untested: 'they call what is above; their frameworks are too large for the suite',
    },
  },
} as const satisfies Record<string, Record<string, Feature>>

type Subjects = typeof catalog

/** The key of one feature of the catalog. */
export type FeatureId = { [Subject in keyof Subjects]: keyof Subjects[Subject] }[keyof Subjects] & string
