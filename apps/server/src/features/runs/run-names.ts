import { randomInt } from 'node:crypto'

const adjectives =
  'amber ancient arctic autumn azure bold brave bright brisk bronze calm candid clear clever cobalt copper coral cosmic crimson crisp curious daring dawn deep distant dusty eager early earnest east electric emerald evening even fair faithful fast fearless fine first fleet floral fluent fond fresh frosty gentle gilded glad gleaming golden good grand graceful granite great green hardy hazel hidden high hollow honest humble icy indigo inner ivory jade jolly keen kind late lavender leafy light lively logical long loyal lucid lucky lunar magic mellow merry mild misty modest morning mossy neat nimble noble north ocean olive open opal patient peaceful pearl playful plucky polar polished proud pure quick quiet radiant rapid rare ready restful rising robust rose royal ruby rustic sage sandy sapphire scarlet serene sharp shining silent silken silver simple sincere sleek smooth snowy soft solar solid spring stable starry steady still stellar stone summer sunlit sunny sure swift tall teal tender thoughtful tidy tranquil true upbeat velvet vernal vivid warm wandering west wild willing windy winter wise witty woven young zesty'.split(
    ' ',
  )

const nouns =
  'acorn anchor arch aspen aurora badger bamboo basin bay beacon birch bison blossom bluff bough branch breeze bridge brook canyon cape cascade cave cedar channel cherry cliff cloud clover coast comet compass cove crane creek crest crystal current cypress dale dawn delta dew dove dune eagle echo ember falcon fern field finch fjord flame forest fountain fox frost galaxy garden glacier glade glen grove gull harbor harvest hawk heath heron hill hollow horizon iris island ivy jasmine juniper lagoon lake lantern lark laurel leaf lily linden lotus lynx maple marsh meadow mesa meteor mill mist moon moss mountain nebula nest oak oasis orchard orchid osprey otter owl palm pass path peak pebble pine planet plateau plum pond poplar prairie quail quartz rain raven reed reef ridge river robin rock root rose sail sand seal shore sky slope snow sparrow spring sprout spruce star stone storm stream summit sun sunrise sunset surf swallow swan thistle thunder tide trail tree tulip tundra valley vine violet voyage water wave willow wind wing wolf wood wren zenith'.split(
    ' ',
  )

const pick = (words: readonly string[]): string => words[randomInt(words.length)] ?? 'run'

/** A display name such as `quiet-harbor-12`; `number` is the run's place in its project, from 1. */
export function generateRunName(number: number): string {
  return `${pick(adjectives)}-${pick(nouns)}-${number}`
}
