/* libseccomp: from rules to a program for seccomp(2), which the family `credentials` loads. */
#include <seccomp.h>

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "args.h"
#include "errors.h"
#include "module.h"

enum { MAX_CONDITIONS = 6 };

/* A condition as TypeScript hands it over: the elements of a BigUint64Array. */
struct condition {
	uint64_t argument, operation, value, second_value;
};

static JSClassID rules_class;

static JSValue throw_failure(JSContext *ctx, int result, const char *function, const char *detail)
{
	return runv_throw_errno(ctx, -result, function, detail);
}

/* One that is there already, the native one first of all, is as good as added. */
static int add_architecture(JSContext *ctx, scmp_filter_ctx filter, const char *name)
{
	uint32_t token = seccomp_arch_resolve_name(name);
	int result = token == 0 ? -EINVAL : seccomp_arch_add(filter, token);
	if (result >= 0 || result == -EEXIST)
		return 0;
	throw_failure(ctx, result, "seccomp_arch_add", name);
	return -1;
}

static int prepare(JSContext *ctx, scmp_filter_ctx filter, char *const *architectures, bool tree)
{
	for (; *architectures; architectures++) {
		if (add_architecture(ctx, filter, *architectures) < 0)
			return -1;
	}
	int result = tree ? seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) : 0;
	if (result < 0)
		throw_failure(ctx, result, "seccomp_attr_set", "optimize");
	return result;
}

static JSValue new_rules(JSContext *ctx, uint32_t action, char *const *architectures, bool tree)
{
	JSValue object = JS_NewObjectClass(ctx, (int)rules_class);
	if (JS_IsException(object))
		return object;
	/* It tells neither that the kernel lacks the action from that there is no memory. */
	scmp_filter_ctx filter = seccomp_init(action);
	JS_SetOpaque(object, filter);
	if (filter && prepare(ctx, filter, architectures, tree) == 0)
		return object;
	JS_FreeValue(ctx, object);
	return filter ? JS_EXCEPTION : runv_throw_errno(ctx, EINVAL, "seccomp_init", "default action");
}

static JSValue seccomp_rules(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	uint32_t action;
	if (runv_uint32(ctx, argv[0], "action", &action) < 0)
		return JS_EXCEPTION;
	char **architectures = runv_string_array(ctx, argv[1], "architectures");
	if (!architectures)
		return JS_EXCEPTION;
	JSValue object = new_rules(ctx, action, architectures, JS_ToBool(ctx, argv[2]) > 0);
	runv_string_array_free(ctx, architectures);
	return object;
}

/* How many there are, or -1 with an exception set. */
static int read_conditions(JSContext *ctx, JSValueConst value, struct scmp_arg_cmp out[static MAX_CONDITIONS])
{
	struct runv_bytes bytes;
	if (runv_bytes(ctx, value, "conditions", &bytes) < 0)
		return -1;
	size_t count = bytes.length / sizeof(struct condition);
	if (count > MAX_CONDITIONS || bytes.length % sizeof(struct condition) != 0) {
		JS_ThrowRangeError(ctx, "conditions: not 0 to %d of 32 bytes", MAX_CONDITIONS);
		return -1;
	}
	for (size_t index = 0; index < count; index++) {
		struct condition condition;
		memcpy(&condition, bytes.data + index * sizeof condition, sizeof condition);
		out[index] = (struct scmp_arg_cmp){
		        .arg = (unsigned)condition.argument,
		        .op = (enum scmp_compare)condition.operation,
		        .datum_a = condition.value,
		        .datum_b = condition.second_value,
		};
	}
	return (int)count;
}

static JSValue rules_add(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)argc;
	scmp_filter_ctx filter = JS_GetOpaque2(ctx, self, rules_class);
	uint32_t action;
	int number;
	struct scmp_arg_cmp conditions[MAX_CONDITIONS];
	if (!filter || runv_uint32(ctx, argv[0], "action", &action) < 0 ||
	    runv_int32(ctx, argv[1], "system call", INT32_MIN, INT32_MAX, &number) < 0)
		return JS_EXCEPTION;
	int count = read_conditions(ctx, argv[2], conditions);
	if (count < 0)
		return JS_EXCEPTION;
	int result = seccomp_rule_add_array(filter, action, number, (unsigned)count, conditions);
	return result < 0 ? throw_failure(ctx, result, "seccomp_rule_add_array", NULL) : JS_UNDEFINED;
}

static JSValue rules_program(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)argc, (void)argv;
	scmp_filter_ctx filter = JS_GetOpaque2(ctx, self, rules_class);
	if (!filter)
		return JS_EXCEPTION;
	size_t size = 0;
	int result = seccomp_export_bpf_mem(filter, NULL, &size);
	if (result < 0)
		return throw_failure(ctx, result, "seccomp_export_bpf_mem", NULL);
	uint8_t *program = js_malloc(ctx, size);
	if (!program)
		return JS_EXCEPTION;
	result = seccomp_export_bpf_mem(filter, program, &size);
	if (result == 0)
		return runv_adopt_bytes(ctx, program, size);
	js_free(ctx, program);
	return throw_failure(ctx, result, "seccomp_export_bpf_mem", NULL);
}

static JSValue syscall_number(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	const char *architecture = runv_string(ctx, argv[0], "architecture");
	const char *name = architecture ? runv_string(ctx, argv[1], "name") : NULL;
	JSValue result = JS_EXCEPTION;
	if (name) {
		uint32_t token = seccomp_arch_resolve_name(architecture);
		int number = token == 0 ? __NR_SCMP_ERROR : seccomp_syscall_resolve_name_arch(token, name);
		result = number == __NR_SCMP_ERROR ? JS_NULL : JS_NewInt32(ctx, number);
	}
	JS_FreeCString(ctx, architecture);
	JS_FreeCString(ctx, name);
	return result;
}

/* The kernel looks at the flags before it looks for the program, which is not there. */
static JSValue knows_flags(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	uint32_t flags;
	if (runv_uint32(ctx, argv[0], "flags", &flags) < 0)
		return JS_EXCEPTION;
	long status = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL);
	return JS_NewBool(ctx, status < 0 && errno == EFAULT);
}

static void finalize(JSRuntime *runtime, JSValue object)
{
	(void)runtime;
	seccomp_release(JS_GetOpaque(object, rules_class));
}

static const JSCFunctionListEntry methods[] = {
        JS_CFUNC_DEF("add", 3, rules_add),
        JS_CFUNC_DEF("program", 0, rules_program),
};

static int start_family(JSContext *ctx)
{
	static const JSClassDef definition = {.class_name = "SeccompRules", .finalizer = finalize};
	JS_NewClassID(&rules_class);
	if (JS_NewClass(JS_GetRuntime(ctx), rules_class, &definition) < 0)
		return -1;
	JSValue prototype = JS_NewObject(ctx);
	JS_SetPropertyFunctionList(ctx, prototype, methods, RUNV_COUNT(methods));
	JS_SetClassProto(ctx, rules_class, prototype);
	return 0;
}

static const JSCFunctionListEntry exports[] = {
        JS_CFUNC_DEF("seccompRules", 3, seccomp_rules),
        JS_CFUNC_DEF("seccompSyscallNumber", 2, syscall_number),
        JS_CFUNC_DEF("seccompKnowsFlags", 1, knows_flags),
};

const struct runv_family runv_family_seccomp = {exports, RUNV_COUNT(exports), start_family};
