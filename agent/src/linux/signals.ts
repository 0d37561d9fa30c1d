/** Signal numbers of x86_64 (signal(7)). */
export const SIGKILL = 9;
export const SIGCHLD = 17;

/** Option of waitpid(2). */
export const WNOHANG = 1;
