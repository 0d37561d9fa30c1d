#include "timers.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "program.h"

static const int64_t NS_PER_MS = 1000000;

struct timer {
	int64_t deadline_ns;
	int64_t id;
	JSValue callback;
};

/* Latest first, so that what is due is taken from the end. */
static struct timer *timers;
static size_t timer_count, timer_capacity;
static int64_t last_id;

int64_t runv_monotonic_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 * NS_PER_MS + now.tv_nsec;
}

static int make_room(JSContext *ctx)
{
	if (timer_count < timer_capacity)
		return 0;
	size_t capacity = timer_capacity ? timer_capacity * 2 : 8;
	struct timer *grown = js_realloc(ctx, timers, capacity * sizeof *grown);
	if (!grown)
		return -1;
	timers = grown;
	timer_capacity = capacity;
	return 0;
}

int64_t runv_timer_add(JSContext *ctx, int64_t delay_ns, JSValueConst callback)
{
	if (make_room(ctx) < 0)
		return -1;
	int64_t deadline = runv_monotonic_ns() + delay_ns;
	size_t low = 0, high = timer_count;
	while (low < high) { /* after all that are due later; of equals the older runs first */
		size_t middle = low + (high - low) / 2;
		if (timers[middle].deadline_ns > deadline)
			low = middle + 1;
		else
			high = middle;
	}
	memmove(&timers[low + 1], &timers[low], (timer_count - low) * sizeof *timers);
	timers[low] = (struct timer){deadline, ++last_id, JS_DupValue(ctx, callback)};
	timer_count++;
	return last_id;
}

static JSValue take(size_t index)
{
	JSValue callback = timers[index].callback;
	timer_count--;
	memmove(&timers[index], &timers[index + 1], (timer_count - index) * sizeof *timers);
	return callback;
}

void runv_timer_remove(JSContext *ctx, int64_t id)
{
	for (size_t index = 0; index < timer_count; index++) {
		if (timers[index].id != id)
			continue;
		JS_FreeValue(ctx, take(index));
		return;
	}
}

int runv_timers_wait_ms(void)
{
	if (timer_count == 0)
		return -1;
	int64_t left_ms =
	        (timers[timer_count - 1].deadline_ns - runv_monotonic_ns() + NS_PER_MS - 1) / NS_PER_MS;
	return left_ms < 0 ? 0 : left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

void runv_timers_run(JSContext *ctx)
{
	const int64_t now = runv_monotonic_ns(), newest = last_id;
	while (timer_count > 0) {
		size_t index = timer_count;
		while (index > 0 && timers[index - 1].deadline_ns <= now && timers[index - 1].id > newest)
			index--;
		if (index == 0 || timers[index - 1].deadline_ns > now)
			return;
		JSValue callback = take(index - 1);
		runv_call(ctx, callback, 0, NULL);
		JS_FreeValue(ctx, callback);
	}
}

void runv_timers_clear(JSContext *ctx)
{
	while (timer_count > 0)
		JS_FreeValue(ctx, take(timer_count - 1));
	js_free(ctx, timers);
	timers = NULL;
	timer_capacity = 0;
}
