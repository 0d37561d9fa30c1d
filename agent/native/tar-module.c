#include "tar-module.h"

#include "errors.h"

static int set_count(JSContext *ctx, JSValueConst object, const char *name, uint64_t value)
{
	/* beyond 2^63 there is no archive */
	return JS_SetPropertyStr(ctx, object, name, JS_NewInt64(ctx, (int64_t)value));
}

JSValue runv_tar_counts(JSContext *ctx, const struct tar_counts *counts)
{
	JSValue object = JS_NewObject(ctx);
	if (JS_IsException(object))
		return object;
	if (set_count(ctx, object, "entries", counts->entries) < 0 ||
	    set_count(ctx, object, "bytes", counts->bytes) < 0 ||
	    set_count(ctx, object, "unsupportedXattrs", counts->unsupported_xattrs) < 0 ||
	    set_count(ctx, object, "shrunkFiles", counts->shrunk_files) < 0 ||
	    set_count(ctx, object, "vanishedEntries", counts->vanished_entries) < 0) {
		JS_FreeValue(ctx, object);
		return JS_EXCEPTION;
	}
	return object;
}

JSValue runv_tar_throw(JSContext *ctx, const struct tar_error *error)
{
	return runv_throw_code(ctx, error->number, error->call, error->message);
}
