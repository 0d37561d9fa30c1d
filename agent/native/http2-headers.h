#ifndef RUNV_HTTP2_HEADERS_H
#define RUNV_HTTP2_HEADERS_H

#include "http2-session.h"
#include "quickjs.h"

/* An array of [name, value]; bytes that are not UTF-8 become U+FFFD. An exception without memory. */
JSValue runv_http2_headers_to_js(JSContext *ctx, const struct runv_http2_field *fields, size_t count);

/* An array of [name, value] as nghttp2 wants it, in one block for free(3), or NULL with an exception set. */
nghttp2_nv *runv_http2_headers_from_js(JSContext *ctx, JSValueConst headers, size_t *count);

#endif
