/** Selects further measures to be read; without it, none are read, which costs nothing. */
export type WantedMeasures =
  | 'all'
  | {
      readonly codes: readonly number[];
      /** Those of single GPUs if true, those of the job on the node if false, and both if omitted. */
      readonly gpus?: boolean;
    };

/** Whether a column with this code is wanted, which is of a single GPU or of the job on the node. */
export const isWanted = (wanted: WantedMeasures, code: number, isOfGpu: boolean): boolean =>
  wanted === 'all' || ((wanted.gpus ?? isOfGpu) === isOfGpu && wanted.codes.includes(code));
