#include "rejections.h"

#include <stddef.h>
#include <string.h>

#include "program.h"

struct rejection {
	JSValue promise;
	JSValue reason;
};

static struct rejection *pending;
static size_t pending_count;

static void forget(JSContext *ctx, size_t index)
{
	JS_FreeValue(ctx, pending[index].promise);
	JS_FreeValue(ctx, pending[index].reason);
	pending_count--;
	memmove(&pending[index], &pending[index + 1], (pending_count - index) * sizeof *pending);
}

static void track(JSContext *ctx, JSValueConst promise, JSValueConst reason, int is_handled, void *opaque)
{
	(void)opaque;
	if (is_handled) {
		for (size_t index = 0; index < pending_count; index++) {
			if (JS_VALUE_GET_PTR(pending[index].promise) != JS_VALUE_GET_PTR(promise))
				continue;
			forget(ctx, index);
			return;
		}
		return;
	}
	struct rejection *grown = js_realloc(ctx, pending, (pending_count + 1) * sizeof *pending);
	if (!grown) {
		runv_report_uncaught(ctx, JS_GetException(ctx));
		return;
	}
	pending = grown;
	pending[pending_count++] = (struct rejection){JS_DupValue(ctx, promise), JS_DupValue(ctx, reason)};
}

void runv_track_rejections(JSRuntime *runtime)
{
	JS_SetHostPromiseRejectionTracker(runtime, track, NULL);
}

int runv_report_rejections(JSContext *ctx)
{
	if (pending_count == 0)
		return 0;
	while (pending_count > 0) {
		JSValue reason = JS_DupValue(ctx, pending[0].reason);
		forget(ctx, 0);
		runv_report_uncaught(ctx, reason);
	}
	js_free(ctx, pending);
	pending = NULL;
	return 1;
}
