#include "args.h"
#include "module.h"
#include "tar-module.h"

static int take_limits(JSContext *ctx, JSValueConst value, struct tar_limits *limits)
{
	int64_t entries;
	int64_t bytes;
	if (runv_option_int64(ctx, value, "maxEntries", 0, INT64_MAX, &entries) < 0 ||
	    runv_option_int64(ctx, value, "maxBytes", 0, INT64_MAX, &bytes) < 0)
		return -1;
	*limits = (struct tar_limits){.max_entries = (uint64_t)entries, .max_bytes = (uint64_t)bytes};
	return 0;
}

static JSValue untar(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int source;
	struct tar_limits limits;
	struct tar_counts counts;
	struct tar_error error;
	if (runv_fd(ctx, argv[0], &source) < 0 || take_limits(ctx, argv[2], &limits) < 0)
		return JS_EXCEPTION;
	const char *directory = runv_string(ctx, argv[1], "directory");
	if (!directory)
		return JS_EXCEPTION;
	int result = tar_untar(source, directory, &limits, &counts, &error);
	JS_FreeCString(ctx, directory);
	return result < 0 ? runv_tar_throw(ctx, &error) : runv_tar_counts(ctx, &counts);
}

static const JSCFunctionListEntry exports[] = {
        JS_CFUNC_DEF("untar", 3, untar),
};

const struct runv_family runv_family_untar = {exports, RUNV_COUNT(exports), NULL};
