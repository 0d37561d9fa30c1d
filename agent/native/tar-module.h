/* What the two glue files share; the core of reader and packer knows no JavaScript. */
#ifndef RUNV_TAR_MODULE_H
#define RUNV_TAR_MODULE_H

#include "quickjs.h"
#include "tar.h"

/* An ArchiveCounts object. */
JSValue runv_tar_counts(JSContext *ctx, const struct tar_counts *counts);

/* Throws the error; the message names entry and reason. Returns JS_EXCEPTION. */
JSValue runv_tar_throw(JSContext *ctx, const struct tar_error *error);

#endif
