#ifndef RUNV_SIGNALS_H
#define RUNV_SIGNALS_H

#include "quickjs.h"

/* Forgets callback and descriptor. */
void runv_signals_release(JSContext *ctx);

/* In a forked child: no signal is blocked, and each does what it does by default. */
void runv_signals_reset(void);

/* watchSignals(signals, callback) of the module. */
JSValue runv_signals_watch(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv);

#endif
