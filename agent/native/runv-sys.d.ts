/** The C module of the agent and the resident pieces: typed system calls. */
declare module "runv:sys" {}
