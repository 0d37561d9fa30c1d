/* Build tool: compiles one ES module to QuickJS bytecode. Usage: bytecode-compiler MODULE NAME OUTPUT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quickjs.h"

static int never_initialized(JSContext *ctx, JSModuleDef *module)
{
	(void)module;
	JS_ThrowInternalError(ctx, "the build does not run modules");
	return -1;
}

/* Imports are resolved when the program starts; here any name will do. */
static JSModuleDef *placeholder_module(JSContext *ctx, const char *name, void *opaque)
{
	(void)opaque;
	return JS_NewCModule(ctx, name, never_initialized);
}

static char *read_whole(const char *path, size_t *length)
{
	FILE *file = fopen(path, "rb");
	if (!file || fseek(file, 0, SEEK_END) != 0)
		return NULL;
	long size = ftell(file);
	if (size < 0)
		return NULL;
	rewind(file);
	char *text = malloc((size_t)size + 1);
	if (!text || fread(text, 1, (size_t)size, file) != (size_t)size)
		return NULL;
	text[size] = '\0'; /* JS_Eval wants it */
	fclose(file);
	*length = (size_t)size;
	return text;
}

static int fail(JSContext *ctx, const char *what)
{
	JSValue error = JS_GetException(ctx);
	const char *message = JS_ToCString(ctx, error);
	JSValue stack = JS_GetPropertyStr(ctx, error, "stack");
	const char *trace = JS_ToCString(ctx, stack);
	fprintf(stderr, "bytecode-compiler: %s: %s\n%s", what, message ? message : "?", trace ? trace : "");
	return 1;
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: bytecode-compiler MODULE NAME OUTPUT\n");
		return 2;
	}
	size_t length;
	char *source = read_whole(argv[1], &length);
	if (!source) {
		fprintf(stderr, "bytecode-compiler: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	JSRuntime *runtime = JS_NewRuntime();
	JSContext *ctx = JS_NewContext(runtime);
	JS_SetModuleLoaderFunc(runtime, NULL, placeholder_module, NULL);
	JS_SetStripInfo(runtime, JS_STRIP_SOURCE);
	JSValue module =
	        JS_Eval(ctx, source, length, argv[2], JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
	if (JS_IsException(module))
		return fail(ctx, argv[1]);
	size_t size;
	uint8_t *bytecode = JS_WriteObject(ctx, &size, module, JS_WRITE_OBJ_BYTECODE);
	if (!bytecode)
		return fail(ctx, argv[1]);
	FILE *output = fopen(argv[3], "wb");
	if (!output || fwrite(bytecode, 1, size, output) != size || fclose(output) != 0) {
		fprintf(stderr, "bytecode-compiler: %s: %s\n", argv[3], strerror(errno));
		return 1;
	}
	return 0;
}
