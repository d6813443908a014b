/** Selects further measures to be read; without it, none are read, which costs nothing. */
export type WantedMeasures =
  | 'all'
  | {
      readonly codes: readonly number[];
      /** Those of single GPUs if true, else those of the job on the node. */
      readonly gpus: boolean;
    };
