#ifndef RUNV_OBJECTS_H
#define RUNV_OBJECTS_H

#include <stddef.h>

#include "quickjs.h"

struct runv_number {
	const char *name;
	double value;
};

/* A plain object with these properties. */
JSValue runv_number_object(JSContext *ctx, const struct runv_number *numbers, size_t count);

/* An array of descriptors. */
JSValue runv_fd_array(JSContext *ctx, const int *fds, size_t count);

#endif
