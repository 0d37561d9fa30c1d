#ifndef RUNV_STAT_H
#define RUNV_STAT_H

#include <sys/stat.h>

#include "quickjs.h"

/* What TypeScript sees of a struct stat. */
JSValue runv_stat_object(JSContext *ctx, const struct stat *status);

#endif
