/* How the kernel treats the calling process: scheduler, I/O priority, processors, personality. */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "args.h"
#include "errors.h"
#include "module.h"

enum { IOPRIO_WHO_PROCESS = 1, MAX_PROCESSORS = CPU_SETSIZE };

/* struct sched_attr of linux/sched/types.h, in its first version: sched_setattr(2). */
struct scheduler {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime_ns;
	uint64_t deadline_ns;
	uint64_t period_ns;
};

static const int64_t MAX_EXACT = INT64_C(1) << 53;

static JSValue set_scheduler(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int64_t policy, flags, nice, priority, runtime, deadline, period;
	if (runv_option_int64(ctx, argv[0], "policy", 0, INT32_MAX, &policy) < 0 ||
	    runv_option_int64(ctx, argv[0], "flags", 0, UINT32_MAX, &flags) < 0 ||
	    runv_option_int64(ctx, argv[0], "nice", INT32_MIN, INT32_MAX, &nice) < 0 ||
	    runv_option_int64(ctx, argv[0], "priority", 0, UINT32_MAX, &priority) < 0 ||
	    runv_option_int64(ctx, argv[0], "runtimeNs", 0, MAX_EXACT, &runtime) < 0 ||
	    runv_option_int64(ctx, argv[0], "deadlineNs", 0, MAX_EXACT, &deadline) < 0 ||
	    runv_option_int64(ctx, argv[0], "periodNs", 0, MAX_EXACT, &period) < 0)
		return JS_EXCEPTION;
	const struct scheduler attributes = {
	        .size = sizeof attributes,
	        .policy = (uint32_t)policy,
	        .flags = (uint64_t)flags,
	        .nice = (int32_t)nice,
	        .priority = (uint32_t)priority,
	        .runtime_ns = (uint64_t)runtime,
	        .deadline_ns = (uint64_t)deadline,
	        .period_ns = (uint64_t)period,
	};
	return runv_check(ctx, syscall(SYS_sched_setattr, 0, &attributes, 0), "sched_setattr", NULL);
}

static JSValue set_io_priority(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int value;
	if (runv_int32(ctx, argv[0], "priority", 0, UINT16_MAX, &value) < 0)
		return JS_EXCEPTION;
	return runv_check(ctx, syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, value), "ioprio_set", NULL);
}

static JSValue set_affinity(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	size_t count;
	int64_t *processors = runv_int_array(ctx, argv[0], "processors", 0, MAX_PROCESSORS - 1, &count);
	if (!processors)
		return JS_EXCEPTION;
	cpu_set_t set;
	CPU_ZERO(&set);
	for (size_t index = 0; index < count; index++)
		CPU_SET((size_t)processors[index], &set);
	js_free(ctx, processors);
	return runv_check(ctx, sched_setaffinity(0, sizeof set, &set), "sched_setaffinity", NULL);
}

static JSValue set_personality(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	uint32_t persona;
	if (runv_uint32(ctx, argv[0], "persona", &persona) < 0)
		return JS_EXCEPTION;
	return runv_check(ctx, personality(persona), "personality", NULL);
}

static const JSCFunctionListEntry exports[] = {
        JS_CFUNC_DEF("setScheduler", 1, set_scheduler),
        JS_CFUNC_DEF("setIoPriority", 1, set_io_priority),
        JS_CFUNC_DEF("setAffinity", 1, set_affinity),
        JS_CFUNC_DEF("setPersonality", 1, set_personality),
};

const struct runv_family runv_family_scheduling = {exports, RUNV_COUNT(exports), NULL};
