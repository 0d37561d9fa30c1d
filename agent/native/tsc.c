/* The processor's time stamp counter beside the clock: two such pairs give its frequency. */
#include <stdint.h>
#include <time.h>

#include "module.h"

#if defined(__x86_64__) || defined(__i386__)
#include <x86intrin.h>

/* A pair is as good as the time between its halves is short: the best of a few. */
enum { TRIES = 8 };

struct pair {
	uint64_t cycles;
	struct timespec time;
};

static struct pair read_pair(void)
{
	struct pair best = {0};
	uint64_t shortest = UINT64_MAX;
	for (int try = 0; try < TRIES; try++) {
		struct timespec time;
		uint64_t before = __rdtsc();
		clock_gettime(CLOCK_MONOTONIC_RAW, &time);
		uint64_t took = __rdtsc() - before;
		if (took >= shortest)
			continue;
		shortest = took;
		best = (struct pair){.cycles = before + took / 2, .time = time};
	}
	return best;
}

static JSValue tsc_read(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc, (void)argv;
	struct pair pair = read_pair();
	JSValue object = JS_NewObject(ctx);
	if (JS_IsException(object))
		return object;
	double time_ms = (double)pair.time.tv_sec * 1e3 + (double)pair.time.tv_nsec * 1e-6;
	if (JS_SetPropertyStr(ctx, object, "cycles", JS_NewFloat64(ctx, (double)pair.cycles)) < 0 ||
	    JS_SetPropertyStr(ctx, object, "timeMs", JS_NewFloat64(ctx, time_ms)) < 0) {
		JS_FreeValue(ctx, object);
		return JS_EXCEPTION;
	}
	return object;
}
#else
static JSValue tsc_read(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)ctx, (void)self, (void)argc, (void)argv;
	return JS_NULL;
}
#endif

static const JSCFunctionListEntry exports[] = {
        JS_CFUNC_DEF("readTsc", 0, tsc_read),
};
const struct runv_family runv_family_tsc = {exports, RUNV_COUNT(exports), NULL};
