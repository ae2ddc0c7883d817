import { parseInput } from '@kiroku/core/errors'
import type { GraphQLFieldResolver } from 'graphql'
import type * as z from 'zod'
import type { WandbContext } from './context.ts'
import type {
  ArtifactNode,
  ArtifactTypeNode,
  CollectionNode,
  EntityNode,
  MembershipNode,
  ProjectNode,
  RunNode,
  SweepNode,
} from './nodes.ts'

/** What the resolvers of each object type are called with. Types that are not here are plain objects. */
export type Sources = {
  Query: undefined
  Mutation: undefined
  Entity: EntityNode
  Project: ProjectNode
  Run: RunNode
  Sweep: SweepNode
  Artifact: ArtifactNode
  ArtifactType: ArtifactTypeNode
  ArtifactSequence: CollectionNode
  ArtifactPortfolio: CollectionNode
  ArtifactCollectionMembership: MembershipNode
}

export type Resolver<Source> = GraphQLFieldResolver<Source, WandbContext, Record<string, unknown>>

/** Resolvers by type and field. A field without one is read from its object. */
export type Fields = { readonly [Type in keyof Sources]?: Readonly<Record<string, Resolver<Sources[Type]>>> }

/**
 * One topic of the GraphQL schema: its part of the schema language, where `extend type` adds to the types of others, and the
 * resolvers of its fields.
 */
export type WandbModule = { sdl: string; fields: Fields }

/** A resolver whose arguments are parsed first. Fails with a GraphQL error that names the argument. */
export function resolver<Source, Arguments>(
  args: z.ZodType<Arguments>,
  resolve: (source: Source, args: Arguments, context: WandbContext) => unknown,
): Resolver<Source> {
  return (source, given, context, { fieldName }) => resolve(source, parseInput(args, given, fieldName), context)
}
