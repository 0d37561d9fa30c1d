#include "errors.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAMED(number)                                                                                        \
	{                                                                                                    \
		number, #number                                                                              \
	}
static const struct {
	int number;
	const char *name;
} names[] = {
        NAMED(EPERM),         NAMED(ENOENT),       NAMED(ESRCH),           NAMED(EINTR),
        NAMED(EIO),           NAMED(ENXIO),        NAMED(E2BIG),           NAMED(ENOEXEC),
        NAMED(EBADF),         NAMED(ECHILD),       NAMED(EAGAIN),          NAMED(ENOMEM),
        NAMED(EACCES),        NAMED(EFAULT),       NAMED(ENOTBLK),         NAMED(EBUSY),
        NAMED(EEXIST),        NAMED(EXDEV),        NAMED(ENODEV),          NAMED(ENOTDIR),
        NAMED(EISDIR),        NAMED(EINVAL),       NAMED(ENFILE),          NAMED(EMFILE),
        NAMED(ENOTTY),        NAMED(ETXTBSY),      NAMED(EFBIG),           NAMED(ENOSPC),
        NAMED(ESPIPE),        NAMED(EROFS),        NAMED(EMLINK),          NAMED(EPIPE),
        NAMED(EDOM),          NAMED(ERANGE),       NAMED(EDEADLK),         NAMED(ENAMETOOLONG),
        NAMED(ENOLCK),        NAMED(ENOSYS),       NAMED(ENOTEMPTY),       NAMED(ELOOP),
        NAMED(ENOMSG),        NAMED(EIDRM),        NAMED(ENODATA),         NAMED(ETIME),
        NAMED(EPROTO),        NAMED(EBADMSG),      NAMED(EOVERFLOW),       NAMED(EILSEQ),
        NAMED(EUSERS),        NAMED(ENOTSOCK),     NAMED(EDESTADDRREQ),    NAMED(EMSGSIZE),
        NAMED(EPROTOTYPE),    NAMED(ENOPROTOOPT),  NAMED(EPROTONOSUPPORT), NAMED(ESOCKTNOSUPPORT),
        NAMED(EOPNOTSUPP),    NAMED(EPFNOSUPPORT), NAMED(EAFNOSUPPORT),    NAMED(EADDRINUSE),
        NAMED(EADDRNOTAVAIL), NAMED(ENETDOWN),     NAMED(ENETUNREACH),     NAMED(ENETRESET),
        NAMED(ECONNABORTED),  NAMED(ECONNRESET),   NAMED(ENOBUFS),         NAMED(EISCONN),
        NAMED(ENOTCONN),      NAMED(ESHUTDOWN),    NAMED(ETIMEDOUT),       NAMED(ECONNREFUSED),
        NAMED(EHOSTDOWN),     NAMED(EHOSTUNREACH), NAMED(EALREADY),        NAMED(EINPROGRESS),
        NAMED(ESTALE),        NAMED(EDQUOT),       NAMED(EREMOTEIO),       NAMED(ECANCELED),
        NAMED(EKEYREJECTED),  NAMED(EUCLEAN),      NAMED(ENOMEDIUM),       NAMED(EMEDIUMTYPE),
        NAMED(ENOKEY),        NAMED(ELIBBAD),      NAMED(ENOTUNIQ),        NAMED(EBADFD),
};

const char *runv_errno_name(int number)
{
	static char unnamed[16];
	for (size_t index = 0; index < sizeof names / sizeof names[0]; index++) {
		if (names[index].number == number)
			return names[index].name;
	}
	snprintf(unnamed, sizeof unnamed, "E%d", number);
	return unnamed;
}

static void define_string(JSContext *ctx, JSValueConst object, const char *name, const char *text)
{
	JS_DefinePropertyValueStr(ctx, object, name, JS_NewString(ctx, text), JS_PROP_C_W_E);
}

static JSValue throw_error(JSContext *ctx, int number, const char *syscall_name, const char *message)
{
	JSValue error = JS_NewError(ctx);
	if (JS_IsException(error))
		return error;
	JS_DefinePropertyValueStr(ctx, error, "message", JS_NewString(ctx, message),
	                          JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
	define_string(ctx, error, "code", runv_errno_name(number));
	JS_DefinePropertyValueStr(ctx, error, "errno", JS_NewInt32(ctx, number), JS_PROP_C_W_E);
	define_string(ctx, error, "syscall", syscall_name);
	return JS_Throw(ctx, error);
}

JSValue runv_throw_errno(JSContext *ctx, int number, const char *syscall_name, const char *detail)
{
	char message[512];
	char reason[128];
	snprintf(reason, sizeof reason, "%s", strerror(number));
	/* "No such file" reads as part of a sentence, "RPC" would not. */
	if (isupper((unsigned char)reason[0]) && islower((unsigned char)reason[1]))
		reason[0] = (char)tolower((unsigned char)reason[0]);
	snprintf(message, sizeof message, "%s: %s: %s%s%s", runv_errno_name(number), reason, syscall_name,
	         detail ? " " : "", detail ? detail : "");
	return throw_error(ctx, number, syscall_name, message);
}

JSValue runv_throw_code(JSContext *ctx, int number, const char *syscall_name, const char *message)
{
	char text[1024];
	snprintf(text, sizeof text, "%s: %s", runv_errno_name(number), message);
	return throw_error(ctx, number, syscall_name, text);
}

JSValue runv_check(JSContext *ctx, long result, const char *syscall_name, const char *detail)
{
	return result < 0 ? runv_throw_errno(ctx, errno, syscall_name, detail) : JS_UNDEFINED;
}

JSValue runv_check_number(JSContext *ctx, long result, const char *syscall_name, const char *detail)
{
	return result < 0 ? runv_throw_errno(ctx, errno, syscall_name, detail) : JS_NewInt64(ctx, result);
}

static void print_text(JSContext *ctx, JSValueConst value, const char *before, const char *after)
{
	size_t length;
	const char *text = JS_ToCStringLen(ctx, &length, value);
	if (!text) {
		JS_FreeValue(ctx, JS_GetException(ctx));
		return;
	}
	if (length > 0)
		fprintf(stderr, "%s%s%s", before, text, after);
	JS_FreeCString(ctx, text);
}

void runv_print_exception(JSContext *ctx, JSValue exception)
{
	print_text(ctx, exception, "uncaught ", "\n");
	if (JS_IsError(ctx, exception)) {
		JSValue stack = JS_GetPropertyStr(ctx, exception, "stack");
		if (!JS_IsException(stack) && !JS_IsUndefined(stack))
			print_text(ctx, stack, "", "");
		JS_FreeValue(ctx, stack);
	}
	fflush(stderr);
	JS_FreeValue(ctx, exception);
}
