/* Errors as TypeScript sees them: code, errno, syscall, and "ENOENT: no such file or directory: mount /proc". */
#ifndef RUNV_ERRORS_H
#define RUNV_ERRORS_H

#include "quickjs.h"

/* "ENOENT"; "E4711" for a number without a name. Static storage, valid until the next call. */
const char *runv_errno_name(int number);

/* Throws the error of a failed call. `detail` is what it was about (a path, a name), or NULL. Returns JS_EXCEPTION. */
JSValue runv_throw_errno(JSContext *ctx, int number, const char *syscall_name, const char *detail);

/* As above with a text of one's own instead of strerror(3)'s. */
JSValue runv_throw_code(JSContext *ctx, int number, const char *syscall_name, const char *message);

/* undefined when `result` is not negative, else throws errno. */
JSValue runv_check(JSContext *ctx, long result, const char *syscall_name, const char *detail);

/* As runv_check, but the result itself. */
JSValue runv_check_number(JSContext *ctx, long result, const char *syscall_name, const char *detail);

/* Message and stack of an exception to stderr; takes the value. */
void runv_print_exception(JSContext *ctx, JSValue exception);

#endif
