/* main() of every program: the TypeScript is inside as bytecode. */
#include "program.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "errors.h"
#include "loop.h"
#include "module.h"
#include "rejections.h"

extern const uint8_t runv_bytecode[], runv_bytecode_end[];

char **runv_arguments;

/* The language without eval and new Function: no program here compiles source, and so none can be made to. */
static JSContext *new_context(JSRuntime *runtime)
{
	JSContext *ctx = JS_NewContextRaw(runtime);
	if (!ctx)
		return NULL;
	JS_AddIntrinsicBaseObjects(ctx);
	JS_AddIntrinsicDate(ctx);
	JS_AddIntrinsicRegExp(ctx);
	JS_AddIntrinsicJSON(ctx);
	JS_AddIntrinsicProxy(ctx);
	JS_AddIntrinsicMapSet(ctx);
	JS_AddIntrinsicTypedArrays(ctx);
	JS_AddIntrinsicPromise(ctx);
	JS_AddIntrinsicWeakRef(ctx);
	return ctx;
}

static int run_bytecode(JSContext *ctx)
{
	size_t length = (size_t)(runv_bytecode_end - runv_bytecode);
	JSValue module = JS_ReadObject(ctx, runv_bytecode, length, JS_READ_OBJ_BYTECODE);
	if (JS_IsException(module) || JS_ResolveModule(ctx, module) < 0)
		return -1;
	JSValue promise = JS_EvalFunction(ctx, module);
	if (JS_IsException(promise))
		return -1;
	runv_run_jobs(ctx); /* a module that throws is a promise that nobody handles */
	JS_FreeValue(ctx, promise);
	return 0;
}

int main(int argc, char **argv)
{
	(void)argc;
	runv_arguments = argv;
	signal(SIGPIPE, SIG_IGN); /* a peer that is gone is EPIPE, an error like any other */
	JSRuntime *runtime = JS_NewRuntime();
	JSContext *ctx = runtime ? new_context(runtime) : NULL;
	if (!ctx) {
		fputs("out of memory\n", stderr);
		return RUNV_EXIT_UNCAUGHT;
	}
	runv_track_rejections(runtime);
	if (runv_module_register(ctx) < 0 || run_bytecode(ctx) < 0)
		runv_report_uncaught(ctx, JS_GetException(ctx));
#ifdef RUNV_SANITIZE /* finds what was never released; otherwise the kernel is faster */
	runv_loop_release(ctx);
	JS_FreeContext(ctx);
	JS_FreeRuntime(runtime);
#endif
	return 0;
}
