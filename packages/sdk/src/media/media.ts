/** A value of a row that is more than a number or a text. Elsewhere than in a row only its name is kept. */
export abstract class Media {
  /** What stands for it where it cannot be: in a config or a summary. */
  toJSON(): string {
    return `[${this.constructor.name.toLowerCase()}]`
  }
}
