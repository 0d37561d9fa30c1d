/* Promise jobs, and what happens to exceptions that no code caught. */
#include <stdlib.h>

#include "errors.h"
#include "program.h"
#include "rejections.h"

static JSValue uncaught_handler = {.tag = JS_TAG_UNDEFINED};

void runv_set_uncaught_handler(JSContext *ctx, JSValue handler)
{
	JS_FreeValue(ctx, uncaught_handler);
	uncaught_handler = handler;
}

static void end_with(JSContext *ctx, JSValue exception)
{
	runv_print_exception(ctx, exception);
	_Exit(RUNV_EXIT_UNCAUGHT);
}

void runv_report_uncaught(JSContext *ctx, JSValue exception)
{
	if (!JS_IsFunction(ctx, uncaught_handler))
		end_with(ctx, exception);
	JSValue handler = JS_DupValue(ctx, uncaught_handler);
	JSValueConst arguments[] = {exception};
	JSValue result = JS_Call(ctx, handler, JS_UNDEFINED, 1, arguments);
	JS_FreeValue(ctx, handler);
	JS_FreeValue(ctx, exception);
	if (JS_IsException(result))
		end_with(ctx, JS_GetException(ctx));
	JS_FreeValue(ctx, result);
}

void runv_call(JSContext *ctx, JSValueConst function, int count, JSValue *arguments)
{
	JSValue kept = JS_DupValue(ctx, function); /* it may unregister itself */
	JSValue result = JS_Call(ctx, kept, JS_UNDEFINED, count, arguments);
	JS_FreeValue(ctx, kept);
	for (int index = 0; index < count; index++)
		JS_FreeValue(ctx, arguments[index]);
	if (JS_IsException(result))
		runv_report_uncaught(ctx, JS_GetException(ctx));
	JS_FreeValue(ctx, result);
	runv_run_jobs(ctx);
}

void runv_run_jobs(JSContext *ctx)
{
	do {
		JSContext *job_ctx;
		int status;
		while ((status = JS_ExecutePendingJob(JS_GetRuntime(ctx), &job_ctx)) != 0) {
			if (status < 0)
				runv_report_uncaught(job_ctx, JS_GetException(job_ctx));
		}
	} while (runv_report_rejections(ctx));
}
