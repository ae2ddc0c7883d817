// What W&B's JavaScript client does: a run with a name, a config, rows, and its end. It takes tags and sends none.
import wandb from '@wandb/sdk'

const run = await wandb.init({
  project: 'wandb',
  name: 'from node',
  tags: ['js'],
  config: { lr: 0.1, deep: { a: [1] } },
})
for (let step = 0; step < 5; step++) wandb.log({ loss: 1 / (step + 1), 'val/acc': step / 10, word: `w${step}` })
await wandb.finish()
console.log(`RESULT ${JSON.stringify({ id: run.id })}`)
