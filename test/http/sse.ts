/** The messages of a stream of facts, as they come. */

export interface Message {
  readonly id: number | undefined;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

export class MessageReader {
  readonly messages: Message[] = [];
  readonly #end = new AbortController();
  readonly #waiting = new Set<() => void>();
  #hasEnded = false;

  /** Opens the stream; resolves when the service has answered. */
  static async open(server: string, after: number): Promise<MessageReader> {
    const reader = new MessageReader();
    const { signal } = reader.#end;
    const response = await fetch(`${server}/api/v1/events/stream?after=${after}`, { signal });
    if (response.body === null) throw new Error('there is no body');
    void reader.#read(response.body).catch(() => {});
    return reader;
  }

  /** The server has ended it. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The messages of one kind. */
  of(event: string): readonly Message[] {
    return this.messages.filter((message) => message.event === event);
  }

  /** Resolves once the condition holds; looked at after each message. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition())
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
      });
  }

  close(): void {
    this.#end.abort();
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    let text = '';
    for await (const chunk of body.pipeThrough(new TextDecoderStream() as never) as AsyncIterable<string>) {
      text += chunk;
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) this.#take(block);
      for (const wake of this.#waiting) wake();
      this.#waiting.clear();
    }
    this.#hasEnded = true;
  }

  #take(block: string): void {
    const event = /^event: (.*)$/m.exec(block)?.[1];
    if (event === undefined) return;
    const id = /^id: (\d+)$/m.exec(block)?.[1];
    const data = JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? '{}') as Record<string, unknown>;
    this.messages.push({ id: id === undefined ? undefined : Number(id), event, data });
  }
}
