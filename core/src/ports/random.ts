/** Random: the only source of chance, so that a simulation replays from its seed. */
export interface Random {
  /** Uniform in [0, 1). For jitter and choice. */
  fraction(): number;
  /** `count` bytes fit for secrets and nonces. */
  bytes(count: number): Uint8Array;
}
