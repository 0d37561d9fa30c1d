#ifndef RUNV_TIMERS_H
#define RUNV_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

#include "quickjs.h"

/* CLOCK_MONOTONIC. */
int64_t runv_monotonic_ns(void);

/* Calls `callback` once, `delay_ns` from now. Its number, or -1 with an exception. Takes a reference of its own. */
int64_t runv_timer_add(JSContext *ctx, int64_t delay_ns, JSValueConst callback);
void runv_timer_remove(JSContext *ctx, int64_t id);

/* For epoll_wait(2): until the next is due, rounded up; -1 when there is none. */
int runv_timers_wait_ms(void);
/* Runs those that are due; what they add waits for the next turn. Stops after the one in which `runv_timers_clear` was called. */
void runv_timers_run(JSContext *ctx);
void runv_timers_clear(JSContext *ctx);

#endif
