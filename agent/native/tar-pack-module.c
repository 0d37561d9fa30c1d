#include "args.h"
#include "module.h"
#include "tar-module.h"

static JSValue pack(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
	(void)self, (void)argc;
	int sink;
	bool one_file_system;
	struct tar_counts counts;
	struct tar_error error;
	if (runv_fd(ctx, argv[1], &sink) < 0 ||
	    runv_option_bool(ctx, argv[2], "oneFileSystem", &one_file_system) < 0)
		return JS_EXCEPTION;
	const char *directory = runv_string(ctx, argv[0], "directory");
	if (!directory)
		return JS_EXCEPTION;
	int result = tar_pack(directory, sink, one_file_system, &counts, &error);
	JS_FreeCString(ctx, directory);
	return result < 0 ? runv_tar_throw(ctx, &error) : runv_tar_counts(ctx, &counts);
}

static const JSCFunctionListEntry exports[] = {
        JS_CFUNC_DEF("pack", 3, pack),
};

const struct runv_family runv_family_pack = {exports, RUNV_COUNT(exports), NULL};
