interface StatedSample {
  /** Path below test/, perhaps followed by words. */
  readonly test: string;
  readonly cases: string;
  readonly sample: string;
  readonly full: string;
}

/** The table "Samples" of test/README.md. */
export function statedSamples(): StatedSample[];
