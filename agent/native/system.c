/* The machine and the program's own surroundings: names, clock, randomness, power, arguments. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "args.h"
#include "errors.h"
#include "io.h"
#include "module.h"
#include "objects.h"
#include "program.h"
#include "text.h"

enum { MAX_RANDOM_BYTES = 65536, NS_PER_SECOND = 1000000000 };

static JSValue set_name(JSContext *ctx, JSValueConst value, const char *syscall_name,
                        int (*call)(const char *name, size_t length))
{
	size_t length;
	const char *name = runv_text(ctx, value, "name", &length);
	if (!name)
		return JS_EXCEPTION;
	JSValue result = runv_check(ctx, call(name, length), syscall_name, name);
	JS_FreeCString(ctx, name);
	return result;
}

static JSValue system_sethostname(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	return set_name(ctx, argv[0], "sethostname", sethostname);
}

static JSValue system_setdomainname(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	return set_name(ctx, argv[0], "setdomainname", setdomainname);
}

static JSValue system_reboot(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	uint32_t command;
	if (runv_uint32(ctx, argv[0], "command", &command) < 0)
		return JS_EXCEPTION;
	return runv_check(ctx, reboot((int)command), "reboot", NULL);
}

static JSValue system_sync(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)ctx, (void)self, (void)argc, (void)argv;
	sync();
	return JS_UNDEFINED;
}

static JSValue string_array(JSContext *ctx, char **strings)
{
	JSValue array = JS_NewArray(ctx);
	for (uint32_t index = 0; !JS_IsException(array) && strings[index]; index++) {
		JSValue text = runv_decode_utf8(ctx, (const uint8_t *)strings[index], strlen(strings[index]));
		if (JS_DefinePropertyValueUint32(ctx, array, index, text, JS_PROP_C_W_E) >= 0)
			continue;
		JS_FreeValue(ctx, array);
		array = JS_EXCEPTION;
	}
	return array;
}

static JSValue system_argv(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc, (void)argv;
	return string_array(ctx, runv_arguments);
}

static JSValue system_environ(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc, (void)argv;
	return string_array(ctx, environ);
}

static JSValue system_uname(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc, (void)argv;
	struct utsname names;
	if (uname(&names) < 0)
		return runv_throw_errno(ctx, errno, "uname", NULL);
	JSValue object = JS_NewObject(ctx);
	if (JS_IsException(object))
		return object;
	JS_DefinePropertyValueStr(ctx, object, "release", JS_NewString(ctx, names.release), JS_PROP_C_W_E);
	JS_DefinePropertyValueStr(ctx, object, "version", JS_NewString(ctx, names.version), JS_PROP_C_W_E);
	JS_DefinePropertyValueStr(ctx, object, "machine", JS_NewString(ctx, names.machine), JS_PROP_C_W_E);
	return object;
}

static JSValue system_get_time(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc, (void)argv;
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	const struct runv_number numbers[] = {{"seconds", (double)now.tv_sec},
	                                      {"nanoseconds", (double)now.tv_nsec}};
	return runv_number_object(ctx, numbers, 2);
}

static JSValue system_set_time(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int64_t seconds;
	int nanoseconds;
	if (runv_int64(ctx, argv[0], "seconds", 0, INT64_C(1) << 53, &seconds) < 0 ||
	    runv_int32(ctx, argv[1], "nanoseconds", 0, NS_PER_SECOND - 1, &nanoseconds) < 0)
		return JS_EXCEPTION;
	const struct timespec time = {.tv_sec = seconds, .tv_nsec = nanoseconds};
	return runv_check(ctx, clock_settime(CLOCK_REALTIME, &time), "clock_settime", NULL);
}

/* Before Linux 3.17 there is only the device. */
static int read_urandom(uint8_t *bytes, size_t length)
{
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t count = read(fd, bytes, length);
	runv_close_keep_errno(fd);
	if (count >= 0 && (size_t)count != length)
		errno = EIO;
	return count >= 0 && (size_t)count == length ? 0 : -1;
}

static int fill_random(uint8_t *bytes, size_t length)
{
	while (length > 0) {
		long count = syscall(SYS_getrandom, bytes, length, 0);
		if (count < 0 && errno == ENOSYS)
			return read_urandom(bytes, length);
		if (count < 0 && errno != EINTR)
			return -1;
		if (count < 0)
			continue;
		bytes += count;
		length -= (size_t)count;
	}
	return 0;
}

static JSValue system_get_random(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int length;
	if (runv_int32(ctx, argv[0], "bytes", 0, MAX_RANDOM_BYTES, &length) < 0)
		return JS_EXCEPTION;
	uint8_t *bytes = js_malloc(ctx, (size_t)length + 1);
	if (!bytes)
		return JS_EXCEPTION;
	if (fill_random(bytes, (size_t)length) == 0)
		return runv_adopt_bytes(ctx, bytes, (size_t)length);
	JSValue thrown = runv_throw_errno(ctx, errno, "getrandom", NULL);
	js_free(ctx, bytes);
	return thrown;
}

static const JSCFunctionListEntry exports[] = {
        JS_CFUNC_DEF("sethostname", 1, system_sethostname),
        JS_CFUNC_DEF("setdomainname", 1, system_setdomainname),
        JS_CFUNC_DEF("reboot", 1, system_reboot),
        JS_CFUNC_DEF("sync", 0, system_sync),
        JS_CFUNC_DEF("argv", 0, system_argv),
        JS_CFUNC_DEF("environ", 0, system_environ),
        JS_CFUNC_DEF("uname", 0, system_uname),
        JS_CFUNC_DEF("getTime", 0, system_get_time),
        JS_CFUNC_DEF("setTime", 2, system_set_time),
        JS_CFUNC_DEF("getRandom", 1, system_get_random),
};

const struct runv_family runv_family_system = {exports, RUNV_COUNT(exports), NULL};
