/** The one door to the C module under the resident pieces. */
export * from "runv:sys";
