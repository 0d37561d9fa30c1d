#include "objects.h"

#include <stdint.h>

JSValue runv_number_object(JSContext *ctx, const struct runv_number *numbers, size_t count)
{
	JSValue object = JS_NewObject(ctx);
	if (JS_IsException(object))
		return object;
	for (size_t index = 0; index < count; index++) {
		JSValue value = JS_NewFloat64(ctx, numbers[index].value);
		if (JS_DefinePropertyValueStr(ctx, object, numbers[index].name, value, JS_PROP_C_W_E) < 0) {
			JS_FreeValue(ctx, object);
			return JS_EXCEPTION;
		}
	}
	return object;
}

JSValue runv_fd_array(JSContext *ctx, const int *fds, size_t count)
{
	JSValue array = JS_NewArray(ctx);
	if (JS_IsException(array))
		return array;
	for (uint32_t index = 0; index < count; index++) {
		if (JS_DefinePropertyValueUint32(ctx, array, index, JS_NewInt32(ctx, fds[index]),
		                                 JS_PROP_C_W_E) < 0) {
			JS_FreeValue(ctx, array);
			return JS_EXCEPTION;
		}
	}
	return array;
}
