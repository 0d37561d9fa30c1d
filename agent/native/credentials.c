/* What this process may do: ids, capabilities, limits, filters. */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "args.h"
#include "errors.h"
#include "filter.h"
#include "module.h"
#include "objects.h"

static const int64_t MAX_EXACT = INT64_C(1) << 53;

static JSValue set_resuid(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	uint32_t uid;
	if (runv_uint32(ctx, argv[0], "uid", &uid) < 0)
		return JS_EXCEPTION;
	return runv_check(ctx, setresuid(uid, uid, uid), "setresuid", NULL);
}

static JSValue set_resgid(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	uint32_t gid;
	if (runv_uint32(ctx, argv[0], "gid", &gid) < 0)
		return JS_EXCEPTION;
	return runv_check(ctx, setresgid(gid, gid, gid), "setresgid", NULL);
}

static JSValue set_groups(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	size_t count;
	int64_t *numbers = runv_int_array(ctx, argv[0], "groups", 0, UINT32_MAX, &count);
	gid_t *groups = numbers ? js_malloc(ctx, (count + 1) * sizeof *groups) : NULL;
	JSValue result = JS_EXCEPTION;
	if (groups) {
		for (size_t index = 0; index < count; index++)
			groups[index] = (gid_t)numbers[index];
		result = runv_check(ctx, setgroups(count, groups), "setgroups", NULL);
	}
	js_free(ctx, groups);
	js_free(ctx, numbers);
	return result;
}

static JSValue get_uid(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc, (void)argv;
	return JS_NewUint32(ctx, getuid());
}

static JSValue call_prctl(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int64_t numbers[5];
	for (int index = 0; index < 5; index++) {
		if (runv_int64(ctx, argv[index], "argument", -MAX_EXACT, MAX_EXACT, &numbers[index]) < 0)
			return JS_EXCEPTION;
	}
	long result = syscall(SYS_prctl, numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]);
	return runv_check_number(ctx, result, "prctl", NULL);
}

/* A list of capability numbers as two words of bits. */
static int capability_bits(JSContext *ctx, JSValueConst list, const char *name, uint32_t bits[static 2])
{
	size_t count;
	int64_t *numbers = runv_int_array(ctx, list, name, 0, 63, &count);
	if (!numbers)
		return -1;
	bits[0] = bits[1] = 0;
	for (size_t index = 0; index < count; index++)
		bits[numbers[index] / 32] |= UINT32_C(1) << (numbers[index] % 32);
	js_free(ctx, numbers);
	return 0;
}

static JSValue call_capset(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	uint32_t effective[2], permitted[2], inheritable[2];
	if (capability_bits(ctx, argv[0], "effective", effective) < 0 ||
	    capability_bits(ctx, argv[1], "permitted", permitted) < 0 ||
	    capability_bits(ctx, argv[2], "inheritable", inheritable) < 0)
		return JS_EXCEPTION;
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
	const struct __user_cap_data_struct data[2] = {
	        {effective[0], permitted[0], inheritable[0]},
	        {effective[1], permitted[1], inheritable[1]},
	};
	return runv_check(ctx, syscall(SYS_capset, &header, data), "capset", NULL);
}

static rlim_t limit_value(int64_t value)
{
	return value < 0 ? RLIM_INFINITY : (rlim_t)value;
}

static JSValue set_rlimit(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int resource;
	int64_t soft, hard;
	if (runv_int32(ctx, argv[0], "resource", 0, 64, &resource) < 0 ||
	    runv_int64(ctx, argv[1], "soft", -1, MAX_EXACT, &soft) < 0 ||
	    runv_int64(ctx, argv[2], "hard", -1, MAX_EXACT, &hard) < 0)
		return JS_EXCEPTION;
	const struct rlimit limit = {.rlim_cur = limit_value(soft), .rlim_max = limit_value(hard)};
	return runv_check(ctx, setrlimit((unsigned)resource, &limit), "setrlimit", NULL);
}

static double limit_number(rlim_t value)
{
	return value > (rlim_t)MAX_EXACT ? -1 : (double)value;
}

static JSValue get_rlimit(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int resource;
	struct rlimit limit;
	if (runv_int32(ctx, argv[0], "resource", 0, 64, &resource) < 0)
		return JS_EXCEPTION;
	if (getrlimit((unsigned)resource, &limit) < 0)
		return runv_throw_errno(ctx, errno, "getrlimit", NULL);
	const struct runv_number numbers[] = {{"soft", limit_number(limit.rlim_cur)},
	                                      {"hard", limit_number(limit.rlim_max)}};
	return runv_number_object(ctx, numbers, sizeof numbers / sizeof numbers[0]);
}

static JSValue seccomp_filter(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	struct runv_filter filter;
	if (runv_filter_read(ctx, argv[0], argv[1], &filter) < 0)
		return JS_EXCEPTION;
	JSValue result = runv_check(ctx, runv_filter_load(&filter), "seccomp", NULL);
	js_free(ctx, filter.instructions);
	return result;
}

static JSValue join_session_keyring(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc, (void)argv;
	return runv_check(ctx, syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0), "keyctl",
	                  NULL);
}

static const JSCFunctionListEntry exports[] = {
        JS_CFUNC_DEF("setresuid", 1, set_resuid),
        JS_CFUNC_DEF("setresgid", 1, set_resgid),
        JS_CFUNC_DEF("setgroups", 1, set_groups),
        JS_CFUNC_DEF("getuid", 0, get_uid),
        JS_CFUNC_DEF("prctl", 5, call_prctl),
        JS_CFUNC_DEF("capset", 3, call_capset),
        JS_CFUNC_DEF("setrlimit", 3, set_rlimit),
        JS_CFUNC_DEF("getrlimit", 1, get_rlimit),
        JS_CFUNC_DEF("seccompFilter", 2, seccomp_filter),
        JS_CFUNC_DEF("joinSessionKeyring", 0, join_session_keyring),
};

const struct runv_family runv_family_credentials = {exports, RUNV_COUNT(exports), NULL};
