/* The event loop: epoll, level-triggered, one watch a descriptor. For C code that lives on it (pumps); loop-module.c gives it to TypeScript. */
#ifndef RUNV_LOOP_H
#define RUNV_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "quickjs.h"

/* Called while any of the watched EPOLL* events holds, or EPOLLERR or EPOLLHUP. It may watch, unwatch and close anything. */
typedef void runv_ready_fn(JSContext *ctx, int fd, uint32_t events, void *opaque);

/* 0 or -1 with errno; EEXIST when the descriptor is watched already. With no events nothing is delivered, not even errors and
 * hang-ups, until runv_loop_rewatch. A file, which epoll does not take, is always ready. */
int runv_loop_watch(int fd, uint32_t events, runv_ready_fn *ready, void *opaque);
int runv_loop_rewatch(int fd, uint32_t events);
/* Must come before close(2). Nothing happens if it is not watched. */
void runv_loop_unwatch(int fd);
/* Whose watch it is: NULL when there is none. */
runv_ready_fn *runv_loop_watcher(int fd);
void *runv_loop_opaque(int fd);

/* Before TypeScript closes a descriptor: drops its watch. -1 with an exception when a pump owns it. */
int runv_loop_forget(JSContext *ctx, int fd);

/* Serves every descriptor that is ready and every timer that is due, then waits again, until runv_loop_stop. -1 with errno:
 * EBUSY when it runs already. */
int runv_loop_run(JSContext *ctx);
void runv_loop_stop(void);
bool runv_loop_running(void);

/* In a forked child: forgets every watch without touching the parent's epoll; `release` is told each. */
void runv_loop_abandon(JSContext *ctx, void (*release)(JSContext *ctx, runv_ready_fn *ready, void *opaque));

/* Everything that the loop, timers and signals hold of TypeScript's: in a forked child, and at the end. */
void runv_loop_release(JSContext *ctx);

#endif
