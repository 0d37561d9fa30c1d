/* Arguments from TypeScript, checked: every family takes them through here. Each function returns 0 (or a pointer), or -1 (or
 * NULL) with an exception set that names the argument. */
#ifndef RUNV_ARGS_H
#define RUNV_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "quickjs.h"

/* A whole number between min and max inclusive. */
int runv_int64(JSContext *ctx, JSValueConst value, const char *name, int64_t min, int64_t max, int64_t *out);
int runv_int32(JSContext *ctx, JSValueConst value, const char *name, int32_t min, int32_t max, int *out);
int runv_uint32(JSContext *ctx, JSValueConst value, const char *name, uint32_t *out);
/* As runv_uint32, and undefined stands for `absent`. */
int runv_optional_uint32(JSContext *ctx, JSValueConst value, const char *name, uint32_t absent,
                         uint32_t *out);
int runv_fd(JSContext *ctx, JSValueConst value, int *out);
int runv_function(JSContext *ctx, JSValueConst value, const char *name);

/* Text without NUL bytes; release with JS_FreeCString. */
const char *runv_string(JSContext *ctx, JSValueConst value, const char *name);
/* The same with its length in bytes, NUL bytes allowed. */
const char *runv_text(JSContext *ctx, JSValueConst value, const char *name, size_t *length);

/* Bytes of a Uint8Array or of a string as UTF-8. They are borrowed: no JavaScript may run before runv_bytes_release. */
struct runv_bytes {
	const uint8_t *data;
	size_t length;
	const char *text; /* set when it was a string */
};
int runv_bytes(JSContext *ctx, JSValueConst value, const char *name, struct runv_bytes *out);
int runv_bytes_or_string(JSContext *ctx, JSValueConst value, const char *name, struct runv_bytes *out);
void runv_bytes_release(JSContext *ctx, struct runv_bytes *bytes);

/* Array of whole numbers between min and max; release with js_free. An empty one is a valid pointer. */
int64_t *runv_int_array(JSContext *ctx, JSValueConst value, const char *name, int64_t min, int64_t max,
                        size_t *count);
/* Array of strings, NULL at the end, as execve(2) wants it; release with runv_string_array_free. */
char **runv_string_array(JSContext *ctx, JSValueConst value, const char *name);
void runv_string_array_free(JSContext *ctx, char **strings);

/* A boolean property of an options object. */
int runv_option_bool(JSContext *ctx, JSValueConst object, const char *name, bool *out);
/* A whole number property of an options object. */
int runv_option_int64(JSContext *ctx, JSValueConst object, const char *name, int64_t min, int64_t max,
                      int64_t *out);

/* A Uint8Array with a copy of these bytes. */
JSValue runv_new_bytes(JSContext *ctx, const void *data, size_t length);
/* A Uint8Array around memory from js_malloc, which it owns from here on, failed or not. */
JSValue runv_adopt_bytes(JSContext *ctx, uint8_t *data, size_t length);

#endif
