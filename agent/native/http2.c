/* nghttp2's server side for TypeScript: the objects of `http2Server`. The rules are in http2-session.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "errors.h"
#include "http2-headers.h"
#include "http2-session.h"
#include "module.h"

enum handler { ON_HEADERS, ON_DATA, ON_END, ON_CLOSE, ON_WRITABLE, HANDLER_COUNT };

static const char *const handler_names[HANDLER_COUNT] = {"onHeaders", "onData", "onEnd", "onClose",
                                                         "onWritable"};

struct http2_object {
	struct runv_http2_session *session;
	JSContext *ctx;
	JSValue handlers[HANDLER_COUNT];
	/* Inside `input` or `output`, where nghttp2 must not be entered again. */
	bool busy;
};

static JSClassID http2_class;

static int call_handler(struct http2_object *object, enum handler handler, int count, JSValueConst *arguments)
{
	JSValue result = JS_Call(object->ctx, object->handlers[handler], JS_UNDEFINED, count, arguments);
	if (JS_IsException(result))
		return -1;
	JS_FreeValue(object->ctx, result);
	return 0;
}

static int on_headers(void *owner, int32_t stream_id, const struct runv_http2_field *fields, size_t count,
                      bool end)
{
	struct http2_object *object = owner;
	JSValue headers = runv_http2_headers_to_js(object->ctx, fields, count);
	if (JS_IsException(headers))
		return -1;
	JSValue arguments[] = {JS_NewInt32(object->ctx, stream_id), headers, JS_NewBool(object->ctx, end)};
	int result = call_handler(object, ON_HEADERS, 3, arguments);
	JS_FreeValue(object->ctx, headers);
	return result;
}

static int on_data(void *owner, int32_t stream_id, const uint8_t *data, size_t size)
{
	struct http2_object *object = owner;
	JSValue bytes = runv_new_bytes(object->ctx, data, size);
	if (JS_IsException(bytes))
		return -1;
	JSValue arguments[] = {JS_NewInt32(object->ctx, stream_id), bytes};
	int result = call_handler(object, ON_DATA, 2, arguments);
	JS_FreeValue(object->ctx, bytes);
	return result;
}

static int on_end(void *owner, int32_t stream_id)
{
	struct http2_object *object = owner;
	JSValue arguments[] = {JS_NewInt32(object->ctx, stream_id)};
	return call_handler(object, ON_END, 1, arguments);
}

static int on_close(void *owner, int32_t stream_id, uint32_t error_code)
{
	struct http2_object *object = owner;
	JSValue arguments[] = {JS_NewInt32(object->ctx, stream_id), JS_NewUint32(object->ctx, error_code)};
	return call_handler(object, ON_CLOSE, 2, arguments);
}

static int on_writable(void *owner, int32_t stream_id)
{
	struct http2_object *object = owner;
	JSValue arguments[] = {JS_NewInt32(object->ctx, stream_id)};
	return call_handler(object, ON_WRITABLE, 1, arguments);
}

static const struct runv_http2_events events = {
        .headers = on_headers,
        .data = on_data,
        .end = on_end,
        .close = on_close,
        .writable = on_writable,
};

/* The object behind `this`, or NULL with an exception when it is none, was freed, or is in the middle of a
 * turn it must not be in. */
static struct http2_object *object_of(JSContext *ctx, JSValueConst this_value, bool enters_nghttp2)
{
	struct http2_object *object = JS_GetOpaque2(ctx, this_value, http2_class);
	if (!object)
		return NULL;
	if (!object->session) {
		runv_throw_code(ctx, EBADF, "http2", "the session was freed");
		return NULL;
	}
	if (enters_nghttp2 && object->busy) {
		runv_throw_code(ctx, EBUSY, "http2",
		                "input, output and free cannot be called from a handler");
		return NULL;
	}
	return object;
}

/* Leaves a handler's exception as it is; anything else becomes the errno's error. */
static JSValue outcome(JSContext *ctx, int result, const char *call)
{
	if (result >= 0)
		return JS_UNDEFINED;
	return JS_HasException(ctx) ? JS_EXCEPTION : runv_throw_errno(ctx, -result, call, NULL);
}

static JSValue js_input(JSContext *ctx, JSValueConst this_value, int argc, JSValueConst *argv)
{
	(void)argc;
	struct http2_object *object = object_of(ctx, this_value, true);
	struct runv_bytes bytes;
	if (!object || runv_bytes(ctx, argv[0], "data", &bytes) < 0)
		return JS_EXCEPTION;
	/* Handlers run meanwhile: the bytes must stay where they are even if one of them detaches or resizes
	 * the buffer. */
	uint8_t *copy = js_malloc(ctx, bytes.length ? bytes.length : 1);
	if (!copy)
		return JS_EXCEPTION;
	memcpy(copy, bytes.data, bytes.length);
	JSValue self = JS_DupValue(ctx, this_value);
	object->busy = true;
	int result = runv_http2_input(object->session, copy, bytes.length);
	object->busy = false;
	JS_FreeValue(ctx, self);
	js_free(ctx, copy);
	return outcome(ctx, result, "http2 input");
}

static JSValue js_output(JSContext *ctx, JSValueConst this_value, int argc, JSValueConst *argv)
{
	(void)argc;
	struct http2_object *object = object_of(ctx, this_value, true);
	int max_bytes;
	if (!object || runv_int32(ctx, argv[0], "maxBytes", 1, 1 << 20, &max_bytes) < 0)
		return JS_EXCEPTION;
	uint8_t *out = js_malloc(ctx, (size_t)max_bytes);
	if (!out)
		return JS_EXCEPTION;
	JSValue self = JS_DupValue(ctx, this_value);
	object->busy = true;
	ssize_t filled = runv_http2_output(object->session, out, (size_t)max_bytes);
	object->busy = false;
	JS_FreeValue(ctx, self);
	JSValue result = filled < 0 ? outcome(ctx, (int)filled, "http2 output")
	                            : runv_new_bytes(ctx, out, (size_t)filled);
	js_free(ctx, out);
	return result;
}

static JSValue js_respond(JSContext *ctx, JSValueConst this_value, int argc, JSValueConst *argv)
{
	(void)argc;
	struct http2_object *object = object_of(ctx, this_value, false);
	int stream_id;
	size_t count;
	if (!object || runv_int32(ctx, argv[0], "streamId", 1, INT32_MAX, &stream_id) < 0)
		return JS_EXCEPTION;
	nghttp2_nv *fields = runv_http2_headers_from_js(ctx, argv[1], &count);
	if (!fields)
		return JS_EXCEPTION;
	int result =
	        runv_http2_respond(object->session, stream_id, fields, count, JS_ToBool(ctx, argv[2]) > 0);
	free(fields);
	return outcome(ctx, result, "http2 respond");
}

static JSValue js_send(JSContext *ctx, JSValueConst this_value, int argc, JSValueConst *argv)
{
	(void)argc;
	struct http2_object *object = object_of(ctx, this_value, false);
	int stream_id;
	struct runv_bytes bytes;
	if (!object || runv_int32(ctx, argv[0], "streamId", 1, INT32_MAX, &stream_id) < 0 ||
	    runv_bytes(ctx, argv[1], "data", &bytes) < 0)
		return JS_EXCEPTION;
	int result = runv_http2_send(object->session, stream_id, bytes.data, bytes.length);
	return result < 0 ? outcome(ctx, result, "http2 send") : JS_NewBool(ctx, result == 1);
}

static JSValue js_finish(JSContext *ctx, JSValueConst this_value, int argc, JSValueConst *argv)
{
	(void)argc;
	struct http2_object *object = object_of(ctx, this_value, false);
	int stream_id;
	size_t count;
	if (!object || runv_int32(ctx, argv[0], "streamId", 1, INT32_MAX, &stream_id) < 0)
		return JS_EXCEPTION;
	nghttp2_nv *trailers = runv_http2_headers_from_js(ctx, argv[1], &count);
	if (!trailers)
		return JS_EXCEPTION;
	int result = runv_http2_finish(object->session, stream_id, trailers, count);
	if (result < 0)
		free(trailers);
	return outcome(ctx, result, "http2 finish");
}

static JSValue js_reset(JSContext *ctx, JSValueConst this_value, int argc, JSValueConst *argv)
{
	(void)argc;
	struct http2_object *object = object_of(ctx, this_value, false);
	int stream_id;
	uint32_t error_code;
	if (!object || runv_int32(ctx, argv[0], "streamId", 1, INT32_MAX, &stream_id) < 0 ||
	    runv_uint32(ctx, argv[1], "errorCode", &error_code) < 0)
		return JS_EXCEPTION;
	return outcome(ctx, runv_http2_reset(object->session, stream_id, error_code), "http2 reset");
}

static JSValue js_consume(JSContext *ctx, JSValueConst this_value, int argc, JSValueConst *argv)
{
	(void)argc;
	struct http2_object *object = object_of(ctx, this_value, false);
	int stream_id;
	int bytes;
	if (!object || runv_int32(ctx, argv[0], "streamId", 1, INT32_MAX, &stream_id) < 0 ||
	    runv_int32(ctx, argv[1], "bytes", 0, INT32_MAX, &bytes) < 0)
		return JS_EXCEPTION;
	return outcome(ctx, runv_http2_consume(object->session, stream_id, (size_t)bytes), "http2 consume");
}

static JSValue js_goaway(JSContext *ctx, JSValueConst this_value, int argc, JSValueConst *argv)
{
	(void)argc;
	struct http2_object *object = object_of(ctx, this_value, false);
	uint32_t error_code;
	if (!object || runv_uint32(ctx, argv[0], "errorCode", &error_code) < 0)
		return JS_EXCEPTION;
	return outcome(ctx, runv_http2_goaway(object->session, error_code), "http2 goaway");
}

static JSValue js_alive(JSContext *ctx, JSValueConst this_value, int argc, JSValueConst *argv)
{
	(void)argc, (void)argv;
	struct http2_object *object = object_of(ctx, this_value, false);
	return object ? JS_NewBool(ctx, runv_http2_alive(object->session)) : JS_EXCEPTION;
}

static void release(JSRuntime *runtime, struct http2_object *object)
{
	if (object->session)
		runv_http2_session_free(object->session);
	object->session = NULL;
	for (int i = 0; i < HANDLER_COUNT; i++) {
		JSValue handler = object->handlers[i];
		object->handlers[i] = JS_UNDEFINED;
		JS_FreeValueRT(runtime, handler);
	}
}

static JSValue js_free_session(JSContext *ctx, JSValueConst this_value, int argc, JSValueConst *argv)
{
	(void)argc, (void)argv;
	struct http2_object *object = JS_GetOpaque2(ctx, this_value, http2_class);
	if (!object)
		return JS_EXCEPTION;
	if (!object->session)
		return JS_UNDEFINED;
	if (!object_of(ctx, this_value, true))
		return JS_EXCEPTION;
	release(JS_GetRuntime(ctx), object);
	return JS_UNDEFINED;
}

static void finalize(JSRuntime *runtime, JSValue value)
{
	struct http2_object *object = JS_GetOpaque(value, http2_class);
	if (!object)
		return;
	release(runtime, object);
	js_free_rt(runtime, object);
}

static void mark(JSRuntime *runtime, JSValueConst value, JS_MarkFunc *mark_value)
{
	struct http2_object *object = JS_GetOpaque(value, http2_class);
	for (int i = 0; object && i < HANDLER_COUNT; i++)
		JS_MarkValue(runtime, object->handlers[i], mark_value);
}

static int read_handlers(JSContext *ctx, JSValueConst handlers, struct http2_object *object)
{
	for (int i = 0; i < HANDLER_COUNT; i++) {
		object->handlers[i] = JS_GetPropertyStr(ctx, handlers, handler_names[i]);
		if (JS_IsException(object->handlers[i]) ||
		    runv_function(ctx, object->handlers[i], handler_names[i]) < 0)
			return -1;
	}
	return 0;
}

static int read_limits(JSContext *ctx, JSValueConst value, struct runv_http2_limits *limits)
{
	int64_t max_streams, max_header_list_bytes, window_bytes;
	if (runv_option_int64(ctx, value, "maxStreams", 1, 65535, &max_streams) < 0 ||
	    runv_option_int64(ctx, value, "maxHeaderListBytes", 1, 1 << 20, &max_header_list_bytes) < 0 ||
	    runv_option_int64(ctx, value, "windowBytes", 1, NGHTTP2_MAX_WINDOW_SIZE, &window_bytes) < 0)
		return -1;
	*limits = (struct runv_http2_limits){(uint32_t)max_streams, (uint32_t)max_header_list_bytes,
	                                     (uint32_t)window_bytes};
	return 0;
}

static JSValue js_http2_server(JSContext *ctx, JSValueConst this_value, int argc, JSValueConst *argv)
{
	(void)this_value, (void)argc;
	struct runv_http2_limits limits;
	if (read_limits(ctx, argv[1], &limits) < 0)
		return JS_EXCEPTION;
	JSValue value = JS_NewObjectClass(ctx, (int)http2_class);
	if (JS_IsException(value))
		return value;
	struct http2_object *object = js_mallocz(ctx, sizeof(*object));
	if (!object)
		goto fail;
	for (int i = 0; i < HANDLER_COUNT; i++)
		object->handlers[i] = JS_UNDEFINED;
	object->ctx = ctx;
	JS_SetOpaque(value, object);
	if (read_handlers(ctx, argv[0], object) < 0)
		goto fail;
	object->session = runv_http2_session_new(&limits, &events, object);
	if (object->session)
		return value;
	runv_throw_errno(ctx, errno, "http2Server", NULL);
fail:
	JS_FreeValue(ctx, value);
	return JS_EXCEPTION;
}

static const JSCFunctionListEntry session_methods[] = {
        JS_CFUNC_DEF("input", 1, js_input),     JS_CFUNC_DEF("output", 1, js_output),
        JS_CFUNC_DEF("respond", 3, js_respond), JS_CFUNC_DEF("send", 2, js_send),
        JS_CFUNC_DEF("finish", 2, js_finish),   JS_CFUNC_DEF("reset", 2, js_reset),
        JS_CFUNC_DEF("consume", 2, js_consume), JS_CFUNC_DEF("goaway", 1, js_goaway),
        JS_CFUNC_DEF("alive", 0, js_alive),     JS_CFUNC_DEF("free", 0, js_free_session),
};

static const JSClassDef session_class = {"Http2Session", .finalizer = finalize, .gc_mark = mark};

static int start(JSContext *ctx)
{
	JS_NewClassID(&http2_class);
	if (JS_NewClass(JS_GetRuntime(ctx), http2_class, &session_class) < 0)
		return -1;
	JSValue prototype = JS_NewObject(ctx);
	if (JS_IsException(prototype))
		return -1;
	JS_SetPropertyFunctionList(ctx, prototype, session_methods, RUNV_COUNT(session_methods));
	JS_SetClassProto(ctx, http2_class, prototype);
	return 0;
}

static const JSCFunctionListEntry exports[] = {JS_CFUNC_DEF("http2Server", 2, js_http2_server)};

const struct runv_family runv_family_http2 = {exports, RUNV_COUNT(exports), start};
