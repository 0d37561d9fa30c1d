/** Takes sentences about what is ignored although config.json asks for it. */
export type Warn = (sentence: string) => void;
