import { init } from '@kiroku/sdk'

// Prints what scripts print, in the lifetime of a run and beyond it.
const [end = 'finish', console_ = 'yes'] = process.argv.slice(2)
console.log('before the run')
const run = init({ project: 'demo', id: 'printing', ...(console_ === 'no' && { console: false }) })
console.log('hello %s', 'world')
for (let percent = 0; percent <= 100; percent += 10) process.stdout.write(`\rtraining ${percent}%`)
process.stdout.write('\n')
console.error('\u001b[31mred\u001b[0m alert')
const bytes = Buffer.from('日本語\n')
process.stdout.write(bytes.subarray(0, 4))
process.stdout.write(bytes.subarray(4))
await new Promise((resolve) => process.stdout.write('with a callback\n', 'utf8', resolve))
run.log({ loss: 1 })
if (end === 'throw') throw new Error('the training went wrong')
await run.finish()
console.log('after the run')
