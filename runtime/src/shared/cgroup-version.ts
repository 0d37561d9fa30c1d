/** Of the control groups that a guest has. */
export type CgroupVersion = "v1" | "v2";
