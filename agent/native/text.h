#ifndef RUNV_TEXT_H
#define RUNV_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "quickjs.h"

/* A string of these bytes; each byte that is not part of valid UTF-8 becomes U+FFFD. */
JSValue runv_decode_utf8(JSContext *ctx, const uint8_t *bytes, size_t length);

#endif
