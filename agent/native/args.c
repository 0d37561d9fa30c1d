#include "args.h"

#include <limits.h>
#include <math.h>
#include <string.h>

/* Longest list that any call takes: groups (65,536 in the kernel), arguments, descriptors. */
enum { MAX_ARRAY_LENGTH = 1 << 20 };

int runv_int64(JSContext *ctx, JSValueConst value, const char *name, int64_t min, int64_t max, int64_t *out)
{
	double number;
	if (!JS_IsNumber(value) || JS_ToFloat64(ctx, &number, value) < 0 || number != trunc(number) ||
	    !isfinite(number)) {
		JS_ThrowTypeError(ctx, "%s: not a whole number", name);
		return -1;
	}
	if (number < (double)min || number > (double)max) {
		JS_ThrowRangeError(ctx, "%s: out of range", name);
		return -1;
	}
	*out = (int64_t)number;
	return 0;
}

int runv_int32(JSContext *ctx, JSValueConst value, const char *name, int32_t min, int32_t max, int *out)
{
	int64_t number;
	if (runv_int64(ctx, value, name, min, max, &number) < 0)
		return -1;
	*out = (int)number;
	return 0;
}

int runv_uint32(JSContext *ctx, JSValueConst value, const char *name, uint32_t *out)
{
	int64_t number;
	if (runv_int64(ctx, value, name, 0, UINT32_MAX, &number) < 0)
		return -1;
	*out = (uint32_t)number;
	return 0;
}

int runv_optional_uint32(JSContext *ctx, JSValueConst value, const char *name, uint32_t absent, uint32_t *out)
{
	if (JS_IsUndefined(value)) {
		*out = absent;
		return 0;
	}
	return runv_uint32(ctx, value, name, out);
}

int runv_fd(JSContext *ctx, JSValueConst value, int *out)
{
	return runv_int32(ctx, value, "file descriptor", 0, INT_MAX, out);
}

int runv_function(JSContext *ctx, JSValueConst value, const char *name)
{
	if (JS_IsFunction(ctx, value))
		return 0;
	JS_ThrowTypeError(ctx, "%s: not a function", name);
	return -1;
}

const char *runv_text(JSContext *ctx, JSValueConst value, const char *name, size_t *length)
{
	if (!JS_IsString(value)) {
		JS_ThrowTypeError(ctx, "%s: not a string", name);
		return NULL;
	}
	return JS_ToCStringLen(ctx, length, value);
}

const char *runv_string(JSContext *ctx, JSValueConst value, const char *name)
{
	size_t length;
	const char *text = runv_text(ctx, value, name, &length);
	if (text && strlen(text) != length) {
		JS_FreeCString(ctx, text);
		JS_ThrowTypeError(ctx, "%s: holds a NUL byte", name);
		return NULL;
	}
	return text;
}

int runv_bytes(JSContext *ctx, JSValueConst value, const char *name, struct runv_bytes *out)
{
	size_t offset, length, element, buffer_length;
	JSValue buffer = JS_GetTypedArrayBuffer(ctx, value, &offset, &length, &element);
	if (JS_IsException(buffer) || element != 1) {
		if (!JS_IsException(buffer))
			JS_FreeValue(ctx, buffer);
		JS_FreeValue(ctx, JS_GetException(ctx));
		JS_ThrowTypeError(ctx, "%s: not a Uint8Array", name);
		return -1;
	}
	const uint8_t *data = JS_GetArrayBuffer(ctx, &buffer_length, buffer);
	JS_FreeValue(ctx, buffer); /* the array itself holds it */
	if (!data)
		JS_FreeValue(ctx, JS_GetException(ctx)); /* an empty or detached buffer */
	if (!data || offset > buffer_length || length > buffer_length - offset) {
		static const uint8_t nothing;
		out->data = &nothing;
		out->length = 0;
	} else {
		out->data = data + offset;
		out->length = length;
	}
	out->text = NULL;
	return 0;
}

int runv_bytes_or_string(JSContext *ctx, JSValueConst value, const char *name, struct runv_bytes *out)
{
	if (!JS_IsString(value))
		return runv_bytes(ctx, value, name, out);
	out->text = JS_ToCStringLen(ctx, &out->length, value);
	out->data = (const uint8_t *)out->text;
	return out->text ? 0 : -1;
}

void runv_bytes_release(JSContext *ctx, struct runv_bytes *bytes)
{
	if (bytes->text)
		JS_FreeCString(ctx, bytes->text);
	bytes->text = NULL;
}

static int array_length(JSContext *ctx, JSValueConst value, const char *name, size_t *length)
{
	int64_t count;
	if (JS_IsArray(ctx, value) <= 0) {
		JS_ThrowTypeError(ctx, "%s: not an array", name);
		return -1;
	}
	JSValue property = JS_GetPropertyStr(ctx, value, "length");
	int status = runv_int64(ctx, property, name, 0, MAX_ARRAY_LENGTH, &count);
	JS_FreeValue(ctx, property);
	*length = status < 0 ? 0 : (size_t)count;
	return status;
}

int64_t *runv_int_array(JSContext *ctx, JSValueConst value, const char *name, int64_t min, int64_t max,
                        size_t *count)
{
	if (array_length(ctx, value, name, count) < 0)
		return NULL;
	int64_t *numbers = js_malloc(ctx, (*count + 1) * sizeof *numbers);
	if (!numbers)
		return NULL;
	for (uint32_t index = 0; index < *count; index++) {
		JSValue element = JS_GetPropertyUint32(ctx, value, index);
		int status = JS_IsException(element)
		                     ? -1
		                     : runv_int64(ctx, element, name, min, max, &numbers[index]);
		JS_FreeValue(ctx, element);
		if (status < 0) {
			js_free(ctx, numbers);
			return NULL;
		}
	}
	return numbers;
}

char **runv_string_array(JSContext *ctx, JSValueConst value, const char *name)
{
	size_t count;
	if (array_length(ctx, value, name, &count) < 0)
		return NULL;
	char **strings = js_mallocz(ctx, (count + 1) * sizeof *strings);
	if (!strings)
		return NULL;
	for (uint32_t index = 0; index < count; index++) {
		JSValue element = JS_GetPropertyUint32(ctx, value, index);
		const char *text = JS_IsException(element) ? NULL : runv_string(ctx, element, name);
		JS_FreeValue(ctx, element);
		if (text)
			strings[index] = js_strdup(ctx, text);
		JS_FreeCString(ctx, text);
		if (!strings[index]) {
			runv_string_array_free(ctx, strings);
			return NULL;
		}
	}
	return strings;
}

void runv_string_array_free(JSContext *ctx, char **strings)
{
	if (!strings)
		return;
	for (char **string = strings; *string; string++)
		js_free(ctx, *string);
	js_free(ctx, strings);
}

int runv_option_bool(JSContext *ctx, JSValueConst object, const char *name, bool *out)
{
	JSValue property = JS_GetPropertyStr(ctx, object, name);
	bool valid = JS_IsBool(property);
	if (valid)
		*out = JS_ToBool(ctx, property) > 0;
	else if (!JS_IsException(property))
		JS_ThrowTypeError(ctx, "%s: not a boolean", name);
	JS_FreeValue(ctx, property);
	return valid ? 0 : -1;
}

int runv_option_int64(JSContext *ctx, JSValueConst object, const char *name, int64_t min, int64_t max,
                      int64_t *out)
{
	JSValue property = JS_GetPropertyStr(ctx, object, name);
	int status = JS_IsException(property) ? -1 : runv_int64(ctx, property, name, min, max, out);
	JS_FreeValue(ctx, property);
	return status;
}

static JSValue bytes_over(JSContext *ctx, JSValue buffer)
{
	if (JS_IsException(buffer))
		return buffer;
	JSValueConst arguments[] = {buffer, JS_UNDEFINED, JS_UNDEFINED};
	JSValue array = JS_NewTypedArray(ctx, 3, arguments, JS_TYPED_ARRAY_UINT8);
	JS_FreeValue(ctx, buffer);
	return array;
}

JSValue runv_new_bytes(JSContext *ctx, const void *data, size_t length)
{
	return bytes_over(ctx, JS_NewArrayBufferCopy(ctx, data, length));
}

static void free_adopted(JSRuntime *runtime, void *opaque, void *data)
{
	(void)opaque;
	js_free_rt(runtime, data);
}

JSValue runv_adopt_bytes(JSContext *ctx, uint8_t *data, size_t length)
{
	JSValue buffer = JS_NewArrayBuffer(ctx, data, length, free_adopted, NULL, 0);
	if (JS_IsException(buffer))
		js_free(ctx, data);
	return bytes_over(ctx, buffer);
}
